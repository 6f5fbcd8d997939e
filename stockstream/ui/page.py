"""The page: its fixed parts, the parts that refresh, and what it says when there is nothing to show.

The answer on the page refreshes by itself at the viewer's interval, or not at all while paused. The status
line at the top refreshes with it; the age of the data in it keeps counting in the browser, so that it is
right even when the page is paused or the server is unreachable.
"""

from collections.abc import Callable
from datetime import timedelta, tzinfo
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from stockstream.ui import address, controls, theme
from stockstream.ui.charts.plot import LIBRARY
from stockstream.ui.controls import Controls
from stockstream.ui.data import live
from stockstream.ui.data.live import Answer, Asked, LastError, Refresh
from stockstream.ui.data.market_snapshot import MarketSnapshot
from stockstream.ui.data.search import Found
from stockstream.ui.data.system_status import SystemStatus
from stockstream.ui.data.window import RANGE, WORDS, Span
from stockstream.ui.data.zones import zone_name
from stockstream.ui.html import formatting
from stockstream.ui.notes import notes
from stockstream.ui.pages.anomalies import Anomalies
from stockstream.ui.pages.base import Page
from stockstream.ui.pages.market import Market
from stockstream.ui.pages.symbol import Symbol
from stockstream.ui.pages.system import System
from stockstream.ui.server.background_tasks import BackgroundTasks

HERE = Path(__file__).parent
STYLE, TICKER = HERE / "page.css", (HERE / "ticker.js").read_text("utf-8")
OLD_SECONDS = 30
CANDLES_BEHIND = timedelta(minutes=3)

STANDSTILL = "the candles stand still, and so do the totals; is aggregator.py running?"
ABSENT = {
    "aggregator": "the aggregator is away, and the candles and totals stand still; is aggregator.py running?",
    "consumer": "the consumer is away, and no trade is stored; is consumer.py running?",
    "detector": "the detector is away, and nothing is examined; is anomaly_detector.py watch running?",
}

START = """
### No trades yet

The tables are there and empty. Start the parts, each in a terminal of its own,
or all at once with `./start.sh`:

```
python producer.py
python consumer.py
python aggregator.py
```

The first trades appear here by themselves.
"""


AnyPage = Page[Any]


def show(usual_refresh: int, tasks: BackgroundTasks) -> None:
    """Show the page that the address names.

    Args:
        usual_refresh: seconds between two refreshes, until the viewer sets another interval.
        tasks: the work that other processes do for the page.
    """
    st.html(f"<script>{LIBRARY}\n{TICKER}</script>", unsafe_allow_javascript=True)
    st.html(STYLE)
    address.read()
    known = {*live.known_symbols(), *st.session_state.get("symbols_seen", ())}
    set_controls = controls.ask(known, usual_refresh)
    theme.wear(set_controls.theme)
    pages: list[AnyPage] = [
        Market(),
        Symbol(),
        Anomalies(tasks.examine),
        System(tasks.processes, tasks.replay),
    ]
    st.navigation([_navigable(page, set_controls, known) for page in pages], position="top").run()


def _navigable(page: AnyPage, set_controls: Controls, known: set[str]) -> st.Page:
    def run() -> None:
        _run(page, set_controls, known)

    return st.Page(run, title=page.title, icon=page.icon, url_path=page.path, default=not page.path)


def _run(page: AnyPage, set_controls: Controls, known: set[str]) -> None:
    top = st.container(key="status")
    seen: Refresh | None = st.session_state.get(_place(page))
    question = page.ask(set_controls, known, seen.snapshot if seen else None)
    offered = known | (page.offers(seen.snapshot) if seen else set())
    every = None if set_controls.paused else set_controls.refresh
    st.fragment(_refresh, run_every=every)(top, page, set_controls, question, offered)
    page.aside(set_controls, partial(_shown, page))


def _refresh(
    top: DeltaGenerator,
    page: AnyPage,
    set_controls: Controls,
    question: Callable[[], Asked],
    offered: set[str],
) -> None:
    asked = question()
    problems = address.problems((page.path, set_controls, asked))
    if not problems:  # a page that is reloaded, as for its colours, must find them in the address again
        address.write(page.path)
    answer = live.look(asked, set_controls.refresh)
    if isinstance(answer, Refresh):
        st.session_state[_place(page)] = answer
        st.session_state["symbols_seen"] = answer.snapshot.symbols
    taken: Refresh | None = st.session_state.get(_place(page))
    noted = notes(set_controls, problems, taken.formatted_in(_zone(set_controls, taken)) if taken else None)
    top.html(_status(taken, set_controls, answer.line if isinstance(answer, LastError) else None, noted))
    _snapshot(page, set_controls, taken, offered)


def _snapshot(page: AnyPage, set_controls: Controls, taken: Refresh | None, offered: set[str]) -> None:
    if taken is None:
        st.html('<p class="quiet">Waiting for the database. The page fills by itself when it answers.</p>')
        return
    if taken.snapshot.newest is None:
        st.markdown(START)
    if taken.snapshot.newest is not None or isinstance(taken.snapshot, SystemStatus):
        if not offered.issuperset({*taken.snapshot.symbols, *page.offers(taken.snapshot)}):
            st.rerun()  # there is a new name that the controls should offer
        page.draw(taken.formatted_in(_zone(set_controls, taken)))


def _zone(set_controls: Controls, taken: Refresh) -> tzinfo:
    """Return the zone of the times shown; what has no exchange of its own has the times of the world."""
    if set_controls.is_local and isinstance(taken.snapshot, MarketSnapshot):
        return taken.snapshot.days.zone_info
    return set_controls.zone


def _shown(page: AnyPage) -> Answer | None:
    taken: Refresh | None = st.session_state.get(_place(page))
    return taken.snapshot if taken else None


def _place(page: AnyPage) -> str:
    return f"taken {page.path}"


def _status(taken: Refresh | None, set_controls: Controls, error: str | None, noted: list[str]) -> str:
    said = [_state(set_controls, error)]
    if taken is not None and taken.snapshot.newest is not None:
        said += _age(taken, _zone(set_controls, taken))
    alerts = [*([] if error is None else [error]), *noted]
    said += [f'<span class="trouble" role="alert">⚠ {escape(line)}</span>' for line in alerts]
    return f'<div class="status"><strong>Stock market, live</strong>{"".join(said)}</div>'


def _state(set_controls: Controls, error: str | None) -> str:
    if error is not None:
        return "<span>✕ not updated</span>"
    if set_controls.paused:
        return "<span>❚❚ paused</span>"
    return f'<span class="live">● live</span><span>every {set_controls.refresh} s</span>'


def _age(taken: Refresh, zone: tzinfo) -> list[str]:
    snapshot, old = taken.snapshot, taken.seconds_old()
    kind = "old" if old > OLD_SECONDS else "new"
    ticking = f'<b data-age="{max(old, 0):.3f}" data-old="{OLD_SECONDS}">{formatting.age(old)}</b>'
    said = [f'<span class="{kind}">newest trade {ticking}</span>']
    if snapshot.span is not None:
        said.append(f"<span>{escape(_window(snapshot, snapshot.span, zone))}</span>")
    if snapshot.absent:
        said += [f'<span class="trouble">⚠ {ABSENT[job]}</span>' for job in snapshot.absent]
    elif _candles_stand(snapshot):
        said.append(f'<span class="trouble">⚠ {STANDSTILL}</span>')
    return said


def _window(snapshot: MarketSnapshot | Found | SystemStatus, span: Span, zone: tzinfo) -> str:
    since, end = span.start.astimezone(zone), span.end.astimezone(zone)
    period = f"{WORDS[snapshot.question.window]}, since {formatting.moment(since, snapshot.read_at)}"
    if snapshot.question.window == RANGE:
        period += f" to {formatting.moment(end, snapshot.read_at)}"
    hidden = ", regular hours" if isinstance(snapshot, MarketSnapshot) and snapshot.hours.hides else ""
    return f"{period} {zone_name(since)}{hidden}"


def _candles_stand(snapshot: Answer) -> bool:
    if snapshot.newest is None:
        return False
    return snapshot.candles_end is None or snapshot.newest - snapshot.candles_end > CANDLES_BEHIND

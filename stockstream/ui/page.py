"""The page: what stands still, what refreshes, and what it says when there is nothing to show.

The picture refreshes by itself at the viewer's interval, or not while paused. The line on top comes with
it; the age of the data in it goes on in the browser, so that it is true even when the picture stands or the
server is away.
"""

from collections.abc import Callable
from dataclasses import dataclass
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
from stockstream.ui.data.system_status import Condition, SystemStatus
from stockstream.ui.data.window import RANGE, WORDS, Span
from stockstream.ui.data.zones import zone_name
from stockstream.ui.html import formatting
from stockstream.ui.notes import notes
from stockstream.ui.pages import anomalies, dead_letters, examine, market, symbol, system
from stockstream.ui.server import downloads
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


@dataclass(frozen=True)
class PageFrame:
    """One page: how it asks, with its own controls, and how it draws the answer.

    Attributes:
        path: in the address; empty for the first one.
        ask: shows the page's controls; what it returns is called at each refresh for the question.
        offers: the names in an answer that the controls should offer.
        aside: draws what the viewer can take along and have done, below; it does not refresh with the
            rest, and is given what returns the last answer.
    """

    title: str
    path: str
    icon: str
    ask: Callable[[Controls, set[str], Any], Callable[[], Asked]]
    draw: Callable[[Any], None]
    offers: Callable[[Any], set[str]]
    aside: Callable[[Controls, Callable[[], Any]], None] = lambda _controls, _shown: None


def sheets(tasks: BackgroundTasks) -> tuple[PageFrame, ...]:
    """Return the pages, the first one first."""
    return (
        PageFrame(
            "Market",
            "",
            ":material/monitoring:",
            lambda controls, _known, _seen: partial(market.ask, controls),
            market.draw,
            lambda _answer: set(),
            lambda _controls, _shown: downloads.offer("performance", "trades"),
        ),
        PageFrame(
            "Symbol",
            "symbol",
            ":material/candlestick_chart:",
            lambda controls, known, _seen: partial(_same, symbol.ask(controls, known)),
            symbol.draw,
            lambda _answer: set(),
            lambda _controls, _shown: downloads.offer("candles", "trades"),
        ),
        PageFrame(
            "Anomalies",
            "anomalies",
            ":material/notification_important:",
            lambda controls, _known, seen: partial(_same, anomalies.ask(controls, seen)),
            anomalies.draw,
            lambda found: {*found.kinds, *found.methods},
            partial(_beside_findings, tasks),
        ),
        PageFrame(
            "System",
            "system",
            ":material/settings_heart:",
            lambda _controls, _known, _seen: Condition,
            lambda status: system.draw(status, live.processes(tasks.processes)),
            lambda _answer: set(),
            lambda _controls, _shown: dead_letters.draw(tasks.replay),
        ),
    )


def show(usual_refresh: int, tasks: BackgroundTasks) -> None:
    """Show the page that the address names.

    Args:
        usual_refresh: seconds between two refreshes, until the viewer sets another.
        errands: what others do for the page.
    """
    st.html(f"<script>{LIBRARY}\n{TICKER}</script>", unsafe_allow_javascript=True)
    st.html(STYLE)
    address.read()
    known = {*live.known_symbols(), *st.session_state.get("symbols_seen", ())}
    set_controls = controls.ask(known, usual_refresh)
    theme.wear(set_controls.theme)
    pages = [_page(sheet, set_controls, known) for sheet in sheets(tasks)]
    st.navigation(pages, position="top").run()


def _page(sheet: PageFrame, set_controls: Controls, known: set[str]) -> st.Page:
    def run() -> None:
        _run(sheet, set_controls, known)

    return st.Page(run, title=sheet.title, icon=sheet.icon, url_path=sheet.path, default=not sheet.path)


def _run(sheet: PageFrame, set_controls: Controls, known: set[str]) -> None:
    top = st.container(key="status")
    seen: Refresh | None = st.session_state.get(_place(sheet))
    question = sheet.ask(set_controls, known, seen.snapshot if seen else None)
    offered = known | (sheet.offers(seen.snapshot) if seen else set())
    every = None if set_controls.paused else set_controls.refresh
    st.fragment(_refresh, run_every=every)(top, sheet, set_controls, question, offered)
    sheet.aside(set_controls, partial(_shown, sheet))


def _refresh(
    top: DeltaGenerator,
    sheet: PageFrame,
    set_controls: Controls,
    question: Callable[[], Asked],
    offered: set[str],
) -> None:
    asked = question()
    problems = address.problems((sheet.path, set_controls, asked))
    if not problems:  # a page that is loaded again, as one is for its colours, has to find them again
        address.write(sheet.path)
    answer = live.look(asked, set_controls.refresh)
    if isinstance(answer, Refresh):
        st.session_state[_place(sheet)] = answer
        st.session_state["symbols_seen"] = answer.snapshot.symbols
    taken: Refresh | None = st.session_state.get(_place(sheet))
    noted = notes(set_controls, problems, taken.formatted_in(set_controls.zone) if taken else None)
    top.html(_status(taken, set_controls, answer.line if isinstance(answer, LastError) else None, noted))
    _snapshot(sheet, set_controls, taken, offered)


def _snapshot(sheet: PageFrame, set_controls: Controls, taken: Refresh | None, offered: set[str]) -> None:
    if taken is None:
        st.html('<p class="quiet">Waiting for the database. The page fills by itself when it answers.</p>')
        return
    if taken.snapshot.newest is None:
        st.markdown(START)
    if taken.snapshot.newest is not None or isinstance(taken.snapshot, SystemStatus):
        if not offered.issuperset({*taken.snapshot.symbols, *sheet.offers(taken.snapshot)}):
            st.rerun()  # the market has a new name: the controls should offer it
        sheet.draw(taken.formatted_in(set_controls.zone))


def _beside_findings(tasks: BackgroundTasks, set_controls: Controls, shown: Callable[[], Any]) -> None:
    downloads.offer("findings")
    examine.draw(shown, tasks.examine, set_controls.zone)


def _shown(sheet: PageFrame) -> Answer | None:
    taken: Refresh | None = st.session_state.get(_place(sheet))
    return taken.snapshot if taken else None


def _same(question: Asked) -> Asked:
    return question


def _place(sheet: PageFrame) -> str:
    return f"taken {sheet.path}"


def _status(taken: Refresh | None, set_controls: Controls, error: str | None, noted: list[str]) -> str:
    said = [_state(set_controls, error)]
    if taken is not None and taken.snapshot.newest is not None:
        said += _age(taken, set_controls.zone)
    alerts = [*([] if error is None else [error]), *noted]
    said += [f'<span class="trouble" role="alert">⚠ {escape(line)}</span>' for line in alerts]
    return f'<div class="status"><strong>Stock market, live</strong>{"".join(said)}</div>'


def _state(set_controls: Controls, error: str | None) -> str:
    if error is not None:
        return "<span>✕ last picture</span>"
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
    told = f"{WORDS[snapshot.question.window]}, since {formatting.moment(since, snapshot.read_at)}"
    if snapshot.question.window == RANGE:
        told += f" to {formatting.moment(end, snapshot.read_at)}"
    return f"{told} {zone_name(since)}"


def _candles_stand(snapshot: Answer) -> bool:
    if snapshot.newest is None:
        return False
    return snapshot.candles_end is None or snapshot.newest - snapshot.candles_end > CANDLES_BEHIND

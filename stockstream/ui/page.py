"""The page: what stands still, what refreshes, and what it says when there is nothing to show.

Two parts refresh by themselves. The picture does at the viewer's interval, or not while paused; the
line on top does each second and reads nothing, so that the age of the data is true even when the
picture stands.
"""

from datetime import timedelta
from html import escape
from pathlib import Path

import streamlit as st

from stockstream.ui import controls, live, numerals, panels
from stockstream.ui.controls import Controls
from stockstream.ui.live import Taken, Trouble
from stockstream.ui.picture import Picture
from stockstream.ui.plot import fetch_library
from stockstream.ui.window import WORDS

STYLE = Path(__file__).parent / "page.css"
OLD_SECONDS = 30
CANDLES_BEHIND = timedelta(minutes=3)

STANDSTILL = "the candles stand still, and so do the totals; is aggregator.py running?"

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


def show(usual_refresh: int) -> None:
    """Show the page; `usual_refresh` is the interval in seconds until the viewer sets another."""
    fetch_library()
    st.html(STYLE)
    known = {*live.known_symbols(), *_last_symbols()}
    set_controls = controls.ask(known, usual_refresh)
    top = st.container(key="status")
    every = None if set_controls.paused else set_controls.refresh
    st.fragment(_picture, run_every=every)(set_controls, known)
    with top:
        st.fragment(_status, run_every=1)(set_controls)


def _picture(set_controls: Controls, known: set[str]) -> None:
    answer = live.look(set_controls.question(st.session_state.get("candles")), set_controls.refresh)
    st.session_state["trouble"] = answer.line if isinstance(answer, Trouble) else None
    if isinstance(answer, Taken):
        st.session_state["taken"] = answer
    taken: Taken | None = st.session_state.get("taken")
    if taken is None:
        st.html('<p class="quiet">Waiting for the database. The page fills by itself when it answers.</p>')
    elif taken.picture.span is None:
        st.markdown(START)
    else:
        if not known.issuperset(taken.picture.symbols):
            st.rerun()  # the market has a new symbol: the sidebar should offer it
        panels.market(taken.picture, taken.picture.span)


def _last_symbols() -> tuple[str, ...]:
    taken: Taken | None = st.session_state.get("taken")
    return taken.picture.symbols if taken else ()


def _status(set_controls: Controls) -> None:
    taken: Taken | None = st.session_state.get("taken")
    trouble: str | None = st.session_state.get("trouble")
    said = [_state(set_controls, trouble)]
    if taken is not None and taken.picture.newest is not None:
        said += _age(taken)
    if trouble is not None:
        said.append(f'<span class="trouble" role="alert">⚠ {escape(trouble)}</span>')
    st.html(f'<div class="status"><strong>Stock market, live</strong>{"".join(said)}</div>')


def _state(set_controls: Controls, trouble: str | None) -> str:
    if trouble is not None:
        return "<span>✕ last picture</span>"
    if set_controls.paused:
        return "<span>❚❚ paused</span>"
    return f'<span class="live">● live</span><span>every {set_controls.refresh} s</span>'


def _age(taken: Taken) -> list[str]:
    picture, old = taken.picture, taken.seconds_old()
    kind = ' class="old"' if old > OLD_SECONDS else ""
    said = [f"<span{kind}>newest trade {numerals.age(old)}</span>"]
    if picture.span is not None:
        since = numerals.moment(picture.span.start, picture.read_at)
        said.append(f"<span>{WORDS[picture.question.window]}, since {since} UTC</span>")
    if _candles_stand(picture):
        said.append(f'<span class="trouble">⚠ {STANDSTILL}</span>')
    return said


def _candles_stand(picture: Picture) -> bool:
    if picture.newest is None:
        return False
    return picture.candles_end is None or picture.newest - picture.candles_end > CANDLES_BEHIND

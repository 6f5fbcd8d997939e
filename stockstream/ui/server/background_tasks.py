"""Work that a viewer asks for and the page hands on: it runs beside the page, which goes on refreshing.

What does the work is an argument: the page knows neither jobs nor services. One thread works for all
viewers, so that those who look on are not kept waiting by those who ask.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

import streamlit as st

from stockstream.errors import StockstreamError
from stockstream.market.anomalies.finding import Finding
from stockstream.ui.data.system_status import Process

Prepare = Callable[[], Callable[[], Any]]

LOOK_EVERY = 1  # seconds, while something is under way


@dataclass(frozen=True)
class Examined:
    """What the detector says of a interval of the tape, and what is to be known of the answer."""

    symbols: tuple[str, ...]
    since: datetime
    until: datetime
    findings: list[Finding]
    notes: list[str]


@dataclass(frozen=True)
class BackgroundTasks:
    """What others do for the page.

    Attributes:
        examine: runs the detector over some symbols' trades, from a moment to before another.
        replay: tries the dead letters again; returns in words what became of them.
        processes: those that start.sh keeps up; empty where it keeps none.
    """

    examine: Callable[[Sequence[str], datetime, datetime], Examined]
    replay: Callable[[], str]
    processes: Callable[[], list[Process]]


@st.cache_resource(show_spinner=False)
def _workers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="errand")


def background_task(
    name: str, label: str, message: str, prepare: Prepare, draw: Callable[[Any], None]
) -> None:
    """Show a button that has work done, then what came of it; both outlive refreshes.

    Args:
        name: of the errand, in the viewer's session.
        label: on the button.
        told: what the button does, for who asks.
        prepare: is called when the button is pressed; returns the work, which runs beside the page.
        draw: draws what the work returned.
    """
    every = LOOK_EVERY if _under_way(name) else None
    st.fragment(_background_task, run_every=every)(name, label, message, prepare, draw)


def _background_task(
    name: str, label: str, message: str, prepare: Prepare, draw: Callable[[Any], None]
) -> None:
    waited_for = st.session_state.get(_waiting(name), False)
    under_way = _under_way(name)
    asked = st.button(label, key=f"ask_{name}", help=message, disabled=under_way)
    if asked and not under_way:
        st.session_state[name] = _workers().submit(prepare())
    if _under_way(name) != waited_for:
        st.session_state[_waiting(name)] = _under_way(name)
        st.rerun()  # from now on, or no longer, each second
    if waited_for:
        st.html('<p class="quiet" role="status">Under way.</p>')
        return
    done: Future[Any] | None = st.session_state.get(name)
    if done is not None:
        _tell(done, draw)


def _tell(done: "Future[Any]", draw: Callable[[Any], None]) -> None:
    fault = done.exception()
    if isinstance(fault, StockstreamError):
        st.html(f'<p class="failed" role="alert">⚠ {escape(str(fault))}</p>')
    else:
        draw(done.result())


def _under_way(name: str) -> bool:
    asked: Future[Any] | None = st.session_state.get(name)
    return asked is not None and not asked.done()


def _waiting(name: str) -> str:
    return f"waiting {name}"

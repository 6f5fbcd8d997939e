"""Background tasks: work that a viewer starts and that runs beside the page, which keeps refreshing.

The work is passed in, because the page knows neither jobs nor services. One thread works for all viewers, so
that the tasks of some do not slow down the page for the others.
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

LOOK_EVERY = 1  # seconds, while a task runs


@dataclass(frozen=True)
class Examined:
    """What the detector found in a span of the tape, with its notes."""

    symbols: tuple[str, ...]
    since: datetime
    until: datetime
    findings: list[Finding]
    notes: list[str]


@dataclass(frozen=True)
class BackgroundTasks:
    """Functions through which other processes work for the page.

    Attributes:
        examine: runs the detector over some symbols' trades, from one moment to before another.
        replay: tries the dead letters again; returns in words what became of them.
        processes: returns the processes that start.sh keeps running; empty if there are none.
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
    """Show a button that starts work, then the result; both outlive refreshes.

    Args:
        name: the name of the task in the viewer's session.
        label: the text on the button.
        message: what the button does, shown as its help.
        prepare: called when the button is pressed; returns the work, which runs beside the page.
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
        st.rerun()  # starts or ends the refresh each second
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

"""The dashboard's page, which Streamlit runs for each viewer and at each change of a control.

Work that a viewer starts is done by the other scripts in processes of their own, because the detector's work
must not slow down the page for the other viewers.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime

import msgspec
import psutil
import streamlit as st

from stockstream.errors import ServiceError, SettingsError
from stockstream.market.anomalies.finding import Finding
from stockstream.settings import PROJECT
from stockstream.ui import page
from stockstream.ui.data import live
from stockstream.ui.data.system_status import Process
from stockstream.ui.server import auth
from stockstream.ui.server.background_tasks import BackgroundTasks, Examined

LONGEST_ERRAND = 120  # seconds


def examine(symbols: Sequence[str], since: datetime, until: datetime) -> Examined:
    """Run the detector over the symbols' trades, from `since` to before `until`.

    Raises:
        ServiceError: it fails, or takes longer than a viewer waits.
    """
    span = ("--since", since.isoformat(), "--until", until.isoformat())
    done = _script("anomaly_detector.py", "analyze", *span, "--format", "json", "--", *symbols)
    findings = msgspec.json.decode(done.stdout, type=list[Finding])
    return Examined(tuple(symbols), since, until, findings, done.stderr.strip().splitlines())


def replay() -> str:
    """Make the consumer try the dead letters again, and return what became of them.

    Raises:
        ServiceError: it fails, or takes longer than a viewer waits.
    """
    last = _script("consumer.py", "--replay-dead-letters").stderr.strip().splitlines()[-1]
    return last.rpartition("ended: ")[2]


def processes() -> list[Process]:
    """Return the processes that start.sh keeps running."""
    if sys.platform == "win32":
        return []
    # The supervisor's library is for Unix only.
    from stockstream.services.supervision.processes import states  # noqa: PLC0415

    return [
        Process(each.name, each.state, each.pid, each.since, _memory(each.pid))
        for each in states(live.settings())
    ]


def _memory(pid: int) -> int | None:
    try:
        return int(psutil.Process(pid).memory_info().rss) if pid else None
    except psutil.NoSuchProcess:
        return None


def _script(name: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, name, *arguments]
    # Its log lines are read here, and shown to a person.
    plain = os.environ | {"LOG_FORMAT": "plain"}
    try:
        done = subprocess.run(
            command,
            cwd=PROJECT,
            env=plain,
            capture_output=True,
            text=True,
            timeout=LONGEST_ERRAND,
            check=False,
        )
    except subprocess.TimeoutExpired as exc:
        what = f"{name} did not end within {LONGEST_ERRAND} s; choose a shorter window or fewer symbols"
        raise ServiceError(what=what) from exc
    if done.returncode:
        raise ServiceError(what=(done.stderr.strip().splitlines() or [f"{name} failed"])[-1])
    return done


st.set_page_config(page_title="Stock market, live", page_icon="📈", layout="wide")
try:
    settings = live.settings()
except SettingsError as exc:
    st.error(str(exc))
    st.stop()
auth.admit(settings)
page.show(settings.streamlit_refresh_interval, BackgroundTasks(examine, replay, processes))

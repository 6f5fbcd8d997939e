"""Whether the system is healthy: every process runs, trades reach the tables, the dashboard answers."""

import time
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from threading import Event

from stockstream.connectors.postgres.connection import address_of, connect, own_errors
from stockstream.connectors.postgres.sql import query
from stockstream.errors import ServiceError, StockstreamError
from stockstream.services.servers.readiness import last_line
from stockstream.services.supervision.processes import ProcessState, states
from stockstream.settings import Settings

# A first start compiles machine code in three processes at once, which takes minutes on a slow and busy
# machine.
TIMEOUT = 240.0
LOOK_EVERY = 0.25

# A trade or candle no older than this plus two intervals between trades shows that they flow.
FRESH = timedelta(seconds=15)
MAKERS = ("producer", "consumer", "aggregator")

# A process that was started this often since the wait began does not stay up.
STARTS = 4


def await_flow(settings: Settings, names: list[str], stop: Event, progress: Callable[[str], None]) -> None:
    """Wait until the system is healthy.

    Args:
        settings: where to look.
        names: the processes that must run.
        stop: ends the wait.
        progress: called with what is being waited for.

    Raises:
        ServiceError: it is not healthy in time, a process does not stay up, or `stop` was set; names the
            part, its last output and its log.
    """
    deadline = time.monotonic() + TIMEOUT + 2 * settings.producer_interval
    starts: dict[str, set[int]] = {name: set() for name in names}
    while (missing := _missing(settings, names)) is not None:
        progress(missing.waits_for)
        for process in states(settings):
            starts.get(process.name, set()).add(process.pid)
        falling = next((name for name, pids in starts.items() if len(pids - {0}) >= STARTS), None)
        if falling:
            raise _unwell(settings, falling, "does not stay up")
        if time.monotonic() > deadline:
            raise _unwell(
                settings, missing.name, f"does not do its part: waited in vain for {missing.waits_for}"
            )
        if stop.wait(LOOK_EVERY):
            raise ServiceError(what="interrupted before all was up")


class Missing:
    """What is being waited for, and the process that should provide it."""

    def __init__(self, name: str, waits_for: str) -> None:
        self.name = name
        self.waits_for = waits_for


def _missing(settings: Settings, names: list[str]) -> Missing | None:
    """Return the first thing that is still missing."""
    found = {process.name: process for process in states(settings)}
    for name in names:
        if name not in found or found[name].state != "running":
            return Missing(name, f"the {name} to run")
    trades, candles = _flowing(settings, found.values())
    if not trades:
        return Missing("consumer", "the first trade in the table trades")
    if not candles:
        return Missing("aggregator", "the first candle in the table stock_metrics")
    if not dashboard_answers(settings):
        return Missing("dashboard", "the dashboard to answer")
    return None


def dashboard_answers(settings: Settings) -> bool:
    """Return whether the dashboard serves pages."""
    with closing(HTTPConnection(settings.dashboard_host, settings.dashboard_port, timeout=2)) as page:
        try:
            page.request("GET", "/_stcore/health")
            return page.getresponse().read() == b"ok"
        except (OSError, HTTPException):
            return False


def _flowing(settings: Settings, found: Iterable[ProcessState]) -> tuple[bool, bool]:
    """Return whether trades and candles were written recently and since the newest process started."""
    address, now = address_of(settings), datetime.now(UTC)
    lately = now - FRESH - 2 * timedelta(seconds=settings.producer_interval)
    since = max([lately, *(process.since for process in found if process.name in MAKERS)])
    try:
        with closing(connect(address, "start")) as connection:
            with own_errors(address), connection, connection.cursor() as cursor:
                cursor.execute(
                    query("check_flow"), {"since": since, "seconds": (now - since).total_seconds()}
                )
                trades, candles = cursor.fetchone() or (False, False)
            return trades, candles
    except StockstreamError:
        return False, False


def _unwell(settings: Settings, name: str, fault: str) -> ServiceError:
    log = next((process.log for process in states(settings) if process.name == name), settings.data_dir)
    return ServiceError(what=f"the {name} {fault} ({last_line(log)}); see {log}")

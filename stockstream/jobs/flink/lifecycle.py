"""Run a job on a local Flink, from its start to its savepoint.

Order of effects: for the candle job first the lock that keeps the aggregator out, then Flink, then the job,
from the newest savepoint or checkpoint of the same job. At the end: the savepoint, then Flink, then the lock.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event

from stockstream.connectors.flink.gateway import Gateway
from stockstream.connectors.flink.rest import ENDED, Flink
from stockstream.connectors.postgres.engine_lock import EngineLock
from stockstream.errors import EngineRunsError, FlinkError, FlinkUnreachableError, RecoverableError

LOOK_EVERY = 0.5
# Flink's threads, and the sessions they hold, end a moment after its process was killed.
TIMEOUT = 5.0
START = 60.0
TELL_EVERY = 10.0
# File times may be behind the clock by this many seconds.
FILE_CLOCK = 0.1

log = logging.getLogger("flink_processor")


@contextmanager
def lock_held(lock: EngineLock) -> Iterator[Callable[[], None]]:
    """Hold the lock on the candles exclusively; yield a function that makes sure it is still held."""
    with closing(lock):
        _acquire(lock)
        yield lock.acquire


def _acquire(lock: EngineLock) -> None:
    """Acquire the lock; sessions of a job that has just ended may take a moment to close."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        try:
            lock.acquire(alone=True)
        except EngineRunsError as exc:
            if exc.facts["holder"] != "flink" or time.monotonic() > deadline:
                raise
            time.sleep(LOOK_EVERY)
        else:
            return


def still_running(flink: Flink, name: str) -> str:
    """Return the running job of a name; one that was stopped may take a moment to end."""
    deadline = time.monotonic() + TIMEOUT
    while (job := flink.running(name)) and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY)
    return job


def newest_state(folder: Path, name: str = "*") -> Path | None:
    """Return the newest complete savepoint or checkpoint in a folder."""
    found = [path for path in folder.glob(f"**/{name}/_metadata") if path.stat().st_size]
    return max(found, key=lambda path: path.stat().st_mtime).parent if found else None


def begin(gateway: Gateway, statements: str, is_alive: Callable[[], bool], stop: Event) -> str:
    """Wait for a gateway that is starting, run the statements and return the job."""
    deadline = time.monotonic() + START
    while not stop.is_set():
        try:
            gateway.check()
        except FlinkUnreachableError:
            if time.monotonic() > deadline or not is_alive():
                raise
            stop.wait(LOOK_EVERY)
        else:
            return gateway.run(statements)
    return ""


def end(flink: Flink, job: str, folder: Path, stop: Event) -> str:
    """End a job with a savepoint, however long that takes, and return where it is (a path if it is local).

    Returns an empty string if `stop` ended the wait: the savepoint is then still being made. The REST
    endpoint of a local Flink ends with its job, at times before it has answered; the folder then shows where
    the savepoint is.
    """
    begun = time.time() - FILE_CLOCK
    try:
        # As Flink reports it, without the escapes of a URL.
        return flink.stop(job, _Waiting(stop)).removeprefix("file:")
    except FlinkError:
        found = newest_state(folder, "savepoint-*")
        if not found or found.stat().st_mtime < begun:
            raise
        return str(found)


class _Waiting:
    """Waits for a savepoint and logs that it does."""

    def __init__(self, stop: Event) -> None:
        """Start to wait; `stop` ends the wait."""
        self._stop = stop
        self._begun = self._told = time.monotonic()
        log.info("Flink makes a savepoint; Ctrl-C ends the waiting for it, not the savepoint")

    def __call__(self) -> bool:
        """Wait a moment and return whether to go on."""
        now = time.monotonic()
        if now >= self._told + TELL_EVERY:
            log.info("Flink makes a savepoint, for %.0f s now", now - self._begun)
            self._told = now
        return not self._stop.wait(LOOK_EVERY)


def watch(
    flink: Flink, job: str, keep: Callable[[], None], is_alive: Callable[[], bool], stop: Event
) -> bool:
    """Monitor a job until `stop` is set or someone else has ended it; return whether it still runs.

    Args:
        flink: the cluster.
        job: the job's id.
        keep: makes sure that the job's lock is still held.
        is_alive: returns whether Flink's process runs.
        stop: ends the monitoring.

    Raises:
        FlinkError: the job has failed, or Flink has ended.
    """
    last = None
    while not stop.wait(LOOK_EVERY):
        try:
            state = flink.state(job)
        except FlinkError as exc:
            if _ends(is_alive):
                what = (
                    "Flink has ended by itself; its log tells why, and run goes on from its last checkpoint"
                )
                raise FlinkError(what=what) from exc
            # The REST endpoint ends with the job.
            log.info("the job has ended")
            return False
        if state == "FAILED":
            raise FlinkError(what=f"the job has failed: {flink.failure(job)}")
        if state in ENDED:
            log.info("the job has ended: %s", state.lower())
            return False
        if state != last:
            log.info("the job is %s", state.lower())
        last = state
        _hold(keep)
    return True


def _ends(is_alive: Callable[[], bool]) -> bool:
    """Return whether Flink's process is ending: its REST endpoint may be gone a moment earlier."""
    deadline = time.monotonic() + TIMEOUT
    while is_alive() and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY)
    return not is_alive()


def _hold(keep: Callable[[], None]) -> None:
    try:
        keep()
    except RecoverableError as exc:
        log.warning("%s", exc)

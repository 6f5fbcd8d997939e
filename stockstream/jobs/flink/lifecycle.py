"""Run a job on a Flink of our own, from its beginning to its savepoint.

Order of effects: of the candles' job the lock that keeps the aggregator out, then Flink, then the job, from
the newest savepoint or checkpoint of the very same job. At the end: the savepoint, then Flink, then the lock.
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
# Flink's own threads end a moment after its process was killed, and with them the sessions they hold.
TIMEOUT = 5.0
START = 60.0
TELL_EVERY = 10.0
# So far the times of files may be behind the clock.
FILE_CLOCK = 0.1

log = logging.getLogger("flink_processor")


@contextmanager
def lock_held(lock: EngineLock) -> Iterator[Callable[[], None]]:
    """Take the candles for a job, alone; yields what makes sure that they are still held."""
    with closing(lock):
        _acquire(lock)
        yield lock.acquire


def _acquire(lock: EngineLock) -> None:
    """Sessions of a job that has just ended may be a moment in going."""
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
    """Return the job of a name that goes on running; one that was stopped may be a moment in ending."""
    deadline = time.monotonic() + TIMEOUT
    while (job := flink.running(name)) and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY)
    return job


def newest_state(folder: Path, name: str = "*") -> Path | None:
    """Return the newest whole savepoint or checkpoint in a folder."""
    found = [path for path in folder.glob(f"**/{name}/_metadata") if path.stat().st_size]
    return max(found, key=lambda path: path.stat().st_mtime).parent if found else None


def begin(gateway: Gateway, statements: str, is_alive: Callable[[], bool], stop: Event) -> str:
    """Wait for a gateway that is starting, then run the statements; returns the job."""
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
    """End a job with a savepoint, however long that takes; returns where it is, of a local one the path.

    Returns nothing where `stop` has ended the waiting: the savepoint is then still being made. The page
    of a local Flink goes with its job, at times before it has told: then the folder tells.
    """
    begun = time.time() - FILE_CLOCK
    try:
        # As Flink tells it, without the escapes of a URL.
        return flink.stop(job, _Waiting(stop)).removeprefix("file:")
    except FlinkError:
        found = newest_state(folder, "savepoint-*")
        if not found or found.stat().st_mtime < begun:
            raise
        return str(found)


class _Waiting:
    """Waits for a savepoint, and says so."""

    def __init__(self, stop: Event) -> None:
        """Begin; `stop` ends it."""
        self._stop = stop
        self._begun = self._told = time.monotonic()
        log.info("Flink makes a savepoint; Ctrl-C ends the waiting for it, not the savepoint")

    def __call__(self) -> bool:
        """Wait a moment; returns whether to go on."""
        now = time.monotonic()
        if now >= self._told + TELL_EVERY:
            log.info("Flink makes a savepoint, for %.0f s now", now - self._begun)
            self._told = now
        return not self._stop.wait(LOOK_EVERY)


def watch(
    flink: Flink, job: str, keep: Callable[[], None], is_alive: Callable[[], bool], stop: Event
) -> bool:
    """Look after a job until `stop` is set or somebody else has ended it; returns whether it still runs.

    Args:
        keep: makes sure that its right to write is still held.

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
            # The page goes with the job.
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
    """Return whether Flink's process is ending: its page may be gone a moment before."""
    deadline = time.monotonic() + TIMEOUT
    while is_alive() and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY)
    return not is_alive()


def _hold(keep: Callable[[], None]) -> None:
    try:
        keep()
    except RecoverableError as exc:
        log.warning("%s", exc)

"""Faults inflicted on a running system, and the time it takes to recover from each by itself."""

import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event

import psutil

from bench.harness.fault_schedule import SESSION, Fault
from bench.harness.system import JOBS, Places, System, covers
from stockstream.errors import RecoverableError

TIMEOUT = 120.0
LOOK_EVERY = 0.1
LEAVE_PATIENCE = 30.0


@dataclass(frozen=True)
class Inflicted:
    """A fault that was inflicted, and its outcome.

    Args:
        began: seconds since the start of the run.
        recovered: for each job, the seconds from the end of the fault until it had processed everything that
            was in the topic at that moment; None if it had not within two minutes.
    """

    fault: Fault
    began: float
    recovered: Mapping[str, float | None]

    @property
    def seconds(self) -> float | None:
        """Seconds until all jobs had recovered, or None if one has not."""
        slowest = 0.0
        for job in JOBS:
            if (took := self.recovered.get(job)) is None:
                return None
            slowest = max(slowest, took)
        return slowest


def inflict(system: System, fault: Fault, stop: Event) -> None:
    """Inflict a fault, and end it after its duration, or sooner if `stop` is set."""
    WAYS[fault.kind](system, fault, stop)


def recovery(system: System, stop: Event) -> dict[str, float | None] | None:
    """Wait until every job has processed what is in the topic now; return None if `stop` came first."""
    began = time.monotonic()
    goal: Places | None = None
    found: dict[str, float | None] = {}
    while len(found) < len(JOBS):
        if stop.wait(LOOK_EVERY):
            return None
        took = time.monotonic() - began
        if took > TIMEOUT:
            return dict.fromkeys(JOBS) | found
        with suppress(RecoverableError):
            goal = goal or system.ends()
            offsets = system.offsets()
            found |= {job: took for job in JOBS if job not in found and covers(offsets[job], goal)}
    return found


def _kill(system: System, fault: Fault, _stop: Event) -> None:
    tree = system.tree("postgres" if fault.target == SESSION else fault.target)
    # The newest session: one of a client, or of the query that has just ended.
    for process in tree[-1:] if fault.target == SESSION else tree[:1]:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _stop(system: System, fault: Fault, stop: Event) -> None:
    with _stopped(system.tree(fault.target)):
        stop.wait(fault.seconds)


@contextmanager
def _stopped(processes: list[psutil.Process]) -> Iterator[None]:
    try:
        _signal(processes, signal.SIGSTOP)
        yield
    finally:
        _signal(processes, signal.SIGCONT)


def _signal(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def _restart(system: System, fault: Fault, _stop: Event) -> None:
    system.supervisor.stop([fault.target])
    system.supervisor.start([fault.target])


def _come_and_go(system: System, fault: Fault, stop: Event) -> None:
    with system.script(f"{fault.target}.py") as member:
        try:
            stop.wait(fault.seconds)
            member.terminate()
            member.wait(LEAVE_PATIENCE)
        finally:
            member.kill()


WAYS: dict[str, Callable[[System, Fault, Event], None]] = {
    "kill -9": _kill,
    "SIGSTOP": _stop,
    "restart": _restart,
    "a member comes and goes": _come_and_go,
}

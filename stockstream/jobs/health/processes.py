"""The processes that start.sh supervises: which are not running, and which keep ending."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median_low

from stockstream.jobs.health.check_result import Check, failed, ok, waiting

RUNNING = "running"
YOUNG = 10.0


@dataclass(frozen=True)
class Process:
    """A supervised process: its state in the supervisor's words, and how many seconds it has been running."""

    name: str
    state: str
    pid: int
    uptime: float
    log: Path


def remedy_for(name: str, by_hand: str, processes: Sequence[Process]) -> str:
    """Return what to do about a process: read its log if start.sh runs it, else start it."""
    log = next((process.log for process in processes if process.name == name), None)
    return f"see {log}" if log else f"run: {by_hand}, or ./start.sh"


def judge_processes(processes: Sequence[Process], engine: str | None = None) -> list[Check]:
    """Judge each process; one that is much younger than most others was restarted.

    If the engine is `flink`, an aggregator ends immediately each time it is started.

    >>> log = Path("consumer.log")
    >>> young = Process("consumer", "running", 12, 3, log)
    >>> [check.state for check in judge_processes([young])]
    [<State.OK: 'ok'>]
    >>> old = [Process(name, "running", 11, 300, log) for name in ("producer", "aggregator")]
    >>> [check.detail for check in judge_processes([young, *old]) if check.remedy]
    ['restarted 3 s ago']
    """
    if not processes:
        what = "./start.sh has started none; those run by hand are judged by what they do"
        return [waiting("processes", what)]
    usual = median_low(process.uptime for process in processes)
    return [_judge(process, usual, engine) for process in processes]


def _judge(process: Process, usual: float, engine: str | None) -> Check:
    name = f"process {process.name}"
    if (process.name, engine) == ("aggregator", "flink"):
        return waiting(name, f"is {process.state}: Flink makes the candles")
    remedy = f"see {process.log}"
    if process.state != RUNNING:
        return failed(name, f"is {process.state}", remedy)
    if process.uptime < YOUNG <= usual - process.uptime:
        return failed(name, f"restarted {process.uptime:.0f} s ago", f"{remedy} for why it ended")
    return ok(name, f"runs as {process.pid}")

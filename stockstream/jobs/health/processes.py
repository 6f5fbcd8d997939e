"""The processes that start.sh supervises: which one is not running, and which one keeps ending."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median_low

from stockstream.jobs.health.verdict import Check, failed, ok, waiting

RUNNING = "RUNNING"
YOUNG = 10.0


@dataclass(frozen=True)
class Process:
    """A supervised process: its state in the supervisor's words, and for how many seconds it runs."""

    name: str
    state: str
    pid: int | None
    uptime: float


def judge_processes(processes: Sequence[Process]) -> list[Check]:
    """Judge each process; one that has just come back, while most run for long, has ended before.

    >>> young = Process("consumer", "RUNNING", 12, 3)
    >>> [check.state for check in judge_processes([young])]
    [<State.OK: 'ok'>]
    >>> old = [Process("producer", "RUNNING", 11, 300), Process("aggregator", "RUNNING", 13, 300)]
    >>> [check.detail for check in judge_processes([young, *old]) if check.remedy]
    ['restarted 3 s ago']
    """
    if not processes:
        what = "./start.sh has started none; those run by hand are judged by what they do"
        return [waiting("processes", what)]
    usual = median_low(process.uptime for process in processes)
    return [_judge(process, usual) for process in processes]


def _judge(process: Process, usual: float) -> Check:
    name = f"process {process.name}"
    remedy = f"see logs/{process.name}.log"
    if process.state != RUNNING:
        return failed(name, f"is {process.state.lower()}", f"{remedy}; ./start.sh starts it")
    if process.uptime < YOUNG <= usual - process.uptime:
        return failed(name, f"restarted {process.uptime:.0f} s ago", f"{remedy} for why it ended")
    return ok(name, f"runs as {process.pid}")

"""The engines that make candles, each as the process that a user runs, watched by the candles it writes.

Beside them, as a yardstick, a plain Flink job over the same topic.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from subprocess import Popen
from types import TracebackType
from typing import Self

import psutil

from bench.harness.probes import cpu_seconds
from bench.harness.stage import LONGEST, Stage, ended
from bench.sql import query
from bench.yardsticks.flink_pace import JobPace
from bench.yardsticks.plain_flink import PLAIN
from stockstream.connectors.postgres.connection import address_of, connect
from stockstream.jobs.flink.script import CANDLES
from stockstream.settings import Settings

AGGREGATOR, YARDSTICK = "aggregator", "plain-flink"
LOOK_EVERY = 0.01

COMMANDS: dict[str, tuple[str, ...]] = {
    AGGREGATOR: ("aggregator.py",),
    "flink-1": ("flink_processor.py", "run", "--fresh", "--parallelism", "1"),
    "flink-2": ("flink_processor.py", "run", "--fresh", "--parallelism", "2"),
    YARDSTICK: ("-m", "bench.yardsticks.plain_flink"),
}


@dataclass(frozen=True)
class Worked:
    """A processed backlog.

    Args:
        trades: trades in the backlog.
        seconds: from the start of the process until its candles show everything; for the yardstick, whose
            last windows stay open, until it has read everything.
        steady_rate: trades a second after the start: for Flink by its job's own count, else from the
            first observed candles to the last.
        cpu: seconds of CPU of the engine's processes.
        peak_bytes: their highest resident memory.
        own_bytes: the part of it that no other process could share, at the end: without the libraries' code.
    """

    trades: int
    seconds: float
    steady_rate: float
    cpu: float
    peak_bytes: int
    own_bytes: int

    @property
    def rate(self) -> float:
        """Trades a second, including start-up."""
        return self.trades / self.seconds


class Candles:
    """Reads how many trades the candles show; every look is a separate transaction."""

    def __init__(self, settings: Settings) -> None:
        self._connection = connect(address_of(settings), "bench watcher")
        self._connection.autocommit = True
        self._cursor = self._connection.cursor()
        self._cursor.execute("PREPARE shown AS " + query("candle_trades"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _exc: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def shown(self) -> int:
        """Return how many trades are in candles."""
        self._cursor.execute("EXECUTE shown")
        (found,) = self._cursor.fetchone() or (0,)
        return int(found)


@contextmanager
def engine(stage: Stage, settings: Settings, name: str) -> Iterator["Popen[str]"]:
    """Run an engine during the block; it is ended as a user does."""
    with stage.script(settings, *COMMANDS[name]) as process:
        yield process
        process.terminate()
        ended(process, name)


def work_off(stage: Stage, settings: Settings, name: str, trades: int) -> Worked:
    """Let an engine make candles of everything in the topic.

    Raises:
        ServiceError: it ended early, or it has stalled.
    """
    with Candles(settings) as candles, _job_pace(settings, name) as pace:
        began, peak, first = time.monotonic(), 0, (0.0, 0)
        with engine(stage, settings, name) as process:
            fault = f"{name} has not processed {trades:,} trades"
            for now in stage.looks(LOOK_EVERY, LONGEST, fault, {name: process}):
                shown = pace.count if pace and name == YARDSTICK else candles.shown()
                first = first if first[1] else (now, shown)
                peak = max(peak, resident(process.pid))
                if shown >= trades:
                    break
            end = time.monotonic()
            peak, cpu = max(peak, resident(process.pid)), cpu_seconds(process.pid)
            private = own(process.pid)
        by_candles = (trades - first[1]) / (end - first[0])
        steady = (pace.rate if pace else None) or by_candles
    return Worked(trades, end - began, steady, cpu, peak, private)


def _job_pace(settings: Settings, name: str) -> AbstractContextManager[JobPace | None]:
    if name == AGGREGATOR:
        return nullcontext()
    return JobPace(settings.flink_port, (PLAIN if name == YARDSTICK else CANDLES).name)


def resident(pid: int) -> int:
    """Return the memory of a process and its descendants."""
    return _summed(pid, lambda process: process.memory_info().rss)


def own(pid: int) -> int:
    """Return the memory that a process and its descendants share with no other process."""
    return _summed(pid, lambda process: process.memory_full_info().uss)


def _summed(pid: int, size: Callable[[psutil.Process], int]) -> int:
    root = psutil.Process(pid)
    return sum(_or_none(size, each) for each in [root, *root.children(recursive=True)])


def _or_none(size: Callable[[psutil.Process], int], process: psutil.Process) -> int:
    try:
        return size(process)
    except psutil.NoSuchProcess:
        return 0

"""The cost of processes: seconds of CPU and bytes of memory."""

from collections.abc import Collection
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Cpu:
    """Seconds of CPU, by process."""

    consumer: float = 0.0
    postgres: float = 0.0
    kafka: float = 0.0

    def per_million(self, trades: int) -> "Cpu":
        """Return the seconds per million trades."""
        share = 1_000_000 / trades
        return Cpu(self.consumer * share, self.postgres * share, self.kafka * share)


def cpu_seconds(pid: int, without: Collection[int] = ()) -> float:
    """Return the CPU seconds of a process and all its descendants, including those that have ended.

    Args:
        pid: the process id.
        without: descendants that are not counted (a watcher's own backend).
    """
    root = psutil.Process(pid)
    ended = root.cpu_times().children_user + root.cpu_times().children_system
    return ended + sum(_own(process) for process in _alive(root) if process.pid not in without)


def resident_bytes(pid: int) -> int:
    """Return the resident memory of a process, 0 if it has ended."""
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def _alive(root: psutil.Process) -> list[psutil.Process]:
    return [root, *root.children(recursive=True)]


def _own(process: psutil.Process) -> float:
    try:
        spent = process.cpu_times()
    except psutil.NoSuchProcess:
        # It has just ended; its parent counts it from here on.
        return 0.0
    return float(spent.user + spent.system)

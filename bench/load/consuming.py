"""A run of consumer.py, observed from outside by the progress that it commits."""

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from bench.harness.probes import Cpu, cpu_seconds, resident_bytes
from bench.harness.stage import LONGEST, Stage, ended
from bench.sql import query
from stockstream.connectors.postgres.connection import address_of, connect
from stockstream.errors import ServiceError
from stockstream.settings import Settings

LOOK_EVERY = 0.01
IDLE = "0.5"
SLOWEST = 10_000  # trades a second


@dataclass(frozen=True)
class Consumed:
    """The cost of a run of consumer.py.

    Args:
        trades: rows that it stored.
        rate: rows a second from the first stored row to the last: those that were stored after the first
            observation of any, by the time in between.
        seconds: from the start of the process to the last stored row.
        cpu: from the start of the process to the last stored row.
        peak_bytes: the highest resident memory, sampled every 10 ms.
    """

    trades: int
    rate: float
    seconds: float
    cpu: Cpu
    peak_bytes: int


class Progress:
    """Reads the consumer's committed offsets in one topic."""

    def __init__(self, settings: Settings) -> None:
        """Connect; every look is a separate transaction."""
        self._connection = connect(address_of(settings), "bench watcher")
        self._connection.autocommit = True
        self._cursor = self._connection.cursor()
        # Prepared once: it may be executed a thousand times a second.
        self._cursor.execute("PREPARE progress AS " + query("progress"), {"topic": settings.kafka_topic})
        self.backend = self._connection.info.backend_pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _exc: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def look(self) -> dict[int, int]:
        """Return the next offset to store, for each partition that was begun."""
        self._cursor.execute("EXECUTE progress")
        return dict(self._cursor.fetchall())


def consume(stage: Stage, settings: Settings, begins: Mapping[int, int], ends: Mapping[int, int]) -> Consumed:
    """Let consumer.py store what lies between two positions of the topic, and observe it.

    Raises:
        ServiceError: it failed, or what it stored is not what the topic holds.
    """
    trades = sum(ends.values()) - sum(begins.values())
    before = Cpu(0.0, cpu_seconds(stage.servers.postgres.pid), cpu_seconds(stage.servers.kafka.pid))
    with Progress(settings) as progress:
        start = time.monotonic()
        with stage.script(settings, "consumer.py", "--exit-when-idle", IDLE) as consumer:
            sight, peak = (start, 0), 0
            fault = f"consumer.py has not stored {trades:,} trades"
            longest = LONGEST + trades / SLOWEST
            for _ in stage.looks(LOOK_EVERY, longest, fault, {"consumer.py": consumer}):
                stored = sum(progress.look().values()) - sum(begins.values())
                peak = max(peak, resident_bytes(consumer.pid))
                sight = _first_sight(sight, stored)
                if stored >= trades:
                    break
            end = time.monotonic()
            cpu = _spent(stage, consumer.pid, progress.backend, before)
            ended(consumer, "consumer.py")
    _check(settings, begins, trades)
    return Consumed(trades, (trades - sight[1]) / (end - sight[0]), end - start, cpu, peak)


def _first_sight(sight: tuple[float, int], stored: int) -> tuple[float, int]:
    """Return when rows were first seen and how many; until then, when none were last seen.

    A run that fits into one batch, and is over when first seen, is thus still measured from a moment before
    it.
    """
    return sight if sight[1] else (time.monotonic(), max(stored, 0))


def _spent(stage: Stage, consumer: int, watcher: int, before: Cpu) -> Cpu:
    servers = stage.servers
    return Cpu(
        cpu_seconds(consumer),
        cpu_seconds(servers.postgres.pid, without=(watcher,)) - before.postgres,
        cpu_seconds(servers.kafka.pid) - before.kafka,
    )


def _check(settings: Settings, begins: Mapping[int, int], trades: int) -> None:
    with closing(connect(address_of(settings), "bench")) as connection, connection.cursor() as cursor:
        cursor.execute(query("count_read"), {"partitions": list(begins), "offsets": list(begins.values())})
        (found,) = cursor.fetchone() or (0,)
    if found != trades:
        raise ServiceError(
            what=f"consumer.py stored {found:,} of {trades:,} trades; nothing can be said of its speed"
        )

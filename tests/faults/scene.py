"""A scene: a feed that never pauses, the processes under test, and the judgement at the end."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from random import Random
from typing import TypeVar

from stockstream.connectors.kafka.topic import ends
from stockstream.connectors.postgres.connection import Connection, address_of, connect
from stockstream.errors import RecoverableError
from stockstream.settings import Settings
from testkit.feed import Feed
from testkit.invariants import broken
from testkit.judgement import judge
from tests.faults.crew import Crew, Member
from tests.faults.results import Result
from tests.waiting import until

TIMEOUT = 90.0
WAITING = """
SELECT FROM touched_minutes WHERE window_start < now() - interval '1 minute'
UNION ALL SELECT FROM unreconciled_minutes WHERE window_start < now() - interval '1 minute'
UNION ALL SELECT FROM stock_metrics WHERE reconciled_at IS NULL AND window_end < now()
LIMIT 1
"""

Places = dict[int, int]
Answer = TypeVar("Answer")


class Scene:
    """One run of one fault."""

    def __init__(self, settings: Settings, crew: Crew, random: Random, result: Result) -> None:
        """Prepare; nothing runs yet."""
        self.settings = settings
        self.crew = crew
        self.random = random
        self.result = result
        self.feed = Feed(settings, settings.kafka_topic[-6:], random)
        self._seen: Places = {}
        self._jobs = ["consumer"]

    def begin(self, *arguments: str, **changes: str) -> Member:
        """Start the feed and a first consumer, wait until trades flow, and return the consumer."""
        self.feed.start()
        consumer = self.consumer(*arguments, **changes)
        self.await_flow()
        return consumer

    def consumer(self, *arguments: str, **changes: str) -> Member:
        """Start a consumer; `arguments` replace its script."""
        return self.crew.start(*(arguments or ("consumer.py",)), **changes)

    def aggregator(self) -> Member:
        """Start an aggregator; at the end its candles are compared with SQL over the trades."""
        if "aggregator" not in self._jobs:
            self._jobs.append("aggregator")
        return self.crew.start("aggregator.py")

    def linger(self, least: float, most: float) -> None:
        """Wait for a random time, so that the fault that follows may come at any moment."""
        time.sleep(self.random.uniform(least, most))

    def await_flow(self) -> None:
        """Wait until the tape grows."""
        before = self.offsets()
        until(lambda: self.offsets() != before, TIMEOUT)

    def recover(self) -> None:
        """Wait until all that was sent by the end of the fault is stored, and record how long it took."""
        began, goal = time.monotonic(), self._ends()
        until(lambda: _covers(self.offsets(), goal), TIMEOUT)
        self.result.recovered_after.append(time.monotonic() - began)

    def end(self) -> None:
        """Stop the feed, wait until all is stored, end all members, and compare tables and ledger."""
        self.feed.stop()
        goal = self._ends()
        for job in self._jobs:
            until(lambda job=job: self.offsets(job) == goal, TIMEOUT)  # type: ignore[misc]
        if "aggregator" in self._jobs:
            until(lambda: not self._ask(WAITING), TIMEOUT)
        self.crew.leave()
        with self.connected() as connection:
            judgement = judge(connection, self.feed.trades, self.feed.bad)
            faults = broken(connection, with_candles="aggregator" in self._jobs)
        self.result.judgement = judgement
        assert self.feed.trades.acknowledged == self.feed.trades.sent
        assert judgement.is_clean, judgement
        assert not faults, faults

    def close(self) -> None:
        """End whatever still runs."""
        self.crew.kill()
        self.feed.abandon()

    def offsets(self, job: str = "consumer") -> Places:
        """Return a job's committed offset in each partition; the consumer's must never go back."""
        statement = "SELECT kafka_partition, next_offset FROM ingest_offsets WHERE job = %s"
        offsets = {int(str(row[0])): int(str(row[1])) for row in self._ask(statement, job)}
        if job == "consumer":
            assert _covers(offsets, self._seen), f"went back from {self._seen} to {offsets}"
            self._seen = offsets
        return offsets

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        """Yield a direct connection to the run's database, even if the consumer's goes through a proxy."""
        with closing(connect(address_of(self.settings), "test")) as connection:
            yield connection

    def _ask(self, statement: str, *values: str) -> list[tuple[object, ...]]:
        def answer() -> list[tuple[object, ...]]:
            with self.connected() as connection, connection.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.fetchall()

        return patiently(answer)

    def _ends(self) -> Places:
        return patiently(lambda: ends(self.settings.kafka_bootstrap_servers, self.settings.kafka_topic))


def patiently(ask: Callable[[], Answer]) -> Answer:
    """Return the answer of a server; ask again while it has a fault."""
    found: list[Answer] = []

    def told() -> bool:
        with suppress(RecoverableError):
            found.append(ask())
        return bool(found)

    until(told, TIMEOUT)
    return found[0]


def _covers(offsets: Places, goal: Places) -> bool:
    return all(offsets.get(partition, 0) >= end for partition, end in goal.items())

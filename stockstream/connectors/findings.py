"""Findings in PostgreSQL, each written once, together with how far the detector has read.

Order of effects of `append`, in one transaction: the fence moves the detector on in every partition
of the batch, then the findings, then COMMIT. A crash between any two repeats the batch, which finds
the same again.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the driver's class has a small name

from stockstream.connectors import fence, schema
from stockstream.connectors.postgres import Address, Connection, connect, own_errors
from stockstream.connectors.sql import query
from stockstream.errors import FencedError, RecoverableError
from stockstream.market.anomalies.finding import Finding
from stockstream.market.anomalies.stretch import Row, Stretch, of_rows

JOB = "detector"
# So many trades of a partition are looked through for what the detector remembers of each symbol.
MEMORY = 50_000

Outcome = TypeVar("Outcome")


class Findings:
    """The table `anomalies` with its fence, for one detector on one topic."""

    def __init__(self, address: Address, topic: str) -> None:
        """Prepare; the connection is opened when it is needed, and again after it broke."""
        self._address = address
        self._topic = topic
        self._connection: Connection | None = None
        self._owned: dict[int, fence.Place] = {}
        self._next: dict[int, int] = {}

    def check(self) -> None:
        """Raise SchemaMissingError or SchemaTooNewError unless the tables are this program's."""
        schema.require(self._connected(), self._address)

    def claim(self, partitions: Sequence[int]) -> dict[int, int]:
        """Take partitions over; returns the first offset of each that is not examined yet."""
        places = self._transaction(lambda cursor: fence.claim(cursor, JOB, self._topic, partitions))
        self._owned |= places
        self._next |= {partition: place.next_offset for partition, place in places.items()}
        return {partition: place.next_offset for partition, place in places.items()}

    def next_offset(self, partition: int) -> int:
        """Return the first offset of a claimed partition that is not examined yet."""
        return self._next[partition]

    def context(self, partition: int, place: int) -> tuple[dict[str, Stretch], int]:
        """Return each symbol's last stored trades below a place, and from where to read the rest.

        The consumer may not have stored all trades below the place yet: the offset returned is the
        first that is not, at most MEMORY before the place. What lies between is to be remembered
        from the topic.
        """
        wanted = {"partition": partition, "place": place, "most": MEMORY}
        rows = self._transaction(lambda cursor: _all(cursor, "context_of_partition", wanted))
        stored = self._transaction(lambda cursor: _all(cursor, "stored_below", wanted))[0][0]
        known = 0 if stored is None else stored + 1
        return _by_symbol(rows), max(known, place - MEMORY, 0)

    def append(self, ends: Mapping[int, int], findings: Sequence[Finding]) -> int:
        """Store the findings of a batch and the places after it; returns how many were new.

        Args:
            ends: for each partition of the batch, the offset after its last message. One that is
                examined already moves nothing.

        Raises:
            FencedError: another detector has taken a partition over; nothing was written.
            RecoverableError: the database is away; append the same again.
        """
        steps = [
            fence.Step(partition, self._next[partition], end)
            for partition, end in ends.items()
            if end > self._next[partition]
        ]
        if not steps:
            return 0
        try:
            written = self._transaction(lambda cursor: self._store(cursor, steps, findings))
        except FencedError:
            if not self._is_stored(steps):
                raise
            written = len(findings)
        self._next |= {step.partition: step.end for step in steps}
        return written

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _store(self, cursor: Cursor, steps: Sequence[fence.Step], findings: Sequence[Finding]) -> int:
        fence.advance(cursor, JOB, self._topic, self._owned, steps)
        written = 0
        for finding in findings:
            cursor.execute(query("insert_finding"), asdict(finding) | {"methods": list(finding.methods)})
            written += cursor.rowcount
        return written

    def _is_stored(self, steps: Sequence[fence.Step]) -> bool:
        """Settle a refusal: was it ours, a COMMIT whose outcome a broken connection took with it?"""
        step = steps[0]
        found = self._transaction(lambda cursor: fence.place(cursor, JOB, self._topic, step.partition))
        return found == fence.Place(step.end, self._owned[step.partition].epoch)

    def _transaction(self, work: Callable[[Cursor], Outcome]) -> Outcome:
        """Do `work` and COMMIT, all or nothing; after an outage the next call connects anew."""
        connection = self._connected()
        try:
            with own_errors(self._address), connection, connection.cursor() as cursor:
                return work(cursor)
        except RecoverableError:
            self.close()
            raise

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = connect(self._address, JOB)
        return self._connection


def _all(cursor: Cursor, name: str, values: dict[str, int]) -> list[tuple[Any, ...]]:
    cursor.execute(query(name), values)
    return cursor.fetchall()


def _by_symbol(latest_first: Sequence[tuple[Any, ...]]) -> dict[str, Stretch]:
    rows: dict[str, list[Row]] = defaultdict(list)
    for symbol, *row in reversed(latest_first):
        rows[symbol].append(tuple(row))
    return {symbol: of_rows(symbol, own) for symbol, own in rows.items()}

"""Storage of findings, each written once, together with the detector's committed offsets.

Order of effects of `append`, in one transaction: the fence advances the detector in every partition of the
batch, then the findings, then COMMIT. A crash between any two repeats the batch, which yields the same
findings again.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the driver's class has a lowercase name

from stockstream.connectors.postgres import schema
from stockstream.connectors.postgres.connection import Address
from stockstream.connectors.postgres.fence import FencedJob, Spans
from stockstream.connectors.postgres.session import Session
from stockstream.connectors.postgres.sql import query
from stockstream.market.anomalies.features.trade_window import Row, TradeWindow, of_rows
from stockstream.market.anomalies.finding import Finding

JOB = "detector"
# This many trades of a partition are searched for what the detector remembers of each symbol.
MEMORY = 50_000


class Findings:
    """The table `anomalies` with its fence, for one detector on one topic."""

    def __init__(self, address: Address, topic: str) -> None:
        """Create the writer; the connection is opened when needed, and again after it broke."""
        self._session = Session(address, JOB)
        self._job = FencedJob(JOB, topic)
        # The next offset to examine of each owned partition.
        self.next_offset = self._job.next_offset

    def check(self) -> None:
        """Raise SchemaMissingError or SchemaTooNewError unless the tables have this program's version."""
        schema.require(self._session.connection, self._session.address)

    def acquire(self, partitions: Sequence[int]) -> dict[int, int]:
        """Take partitions over and return the first offset of each that has not been examined."""
        return self._session.transaction(lambda cursor: self._job.acquire(cursor, partitions))

    def context(self, partition: int, position: int) -> tuple[dict[str, TradeWindow], int]:
        """Return each symbol's last stored trades below a position, and the offset to read the rest from.

        The consumer may not yet have stored all trades below the position: the returned offset is the first
        that is missing, at most MEMORY before the position. The trades in between are to be remembered from
        the topic.
        """
        wanted = {"partition": partition, "place": position, "most": MEMORY}
        rows = self._session.transaction(lambda cursor: _all(cursor, "select_context", wanted))
        stored = self._session.transaction(lambda cursor: _all(cursor, "select_stored_below", wanted))[0][0]
        known = 0 if stored is None else stored + 1
        return _by_symbol(rows), max(known, position - MEMORY, 0)

    def append(self, ends: Mapping[int, int], findings: Sequence[Finding]) -> int:
        """Store the findings of a batch and the offsets after it, and return how many findings were new.

        Args:
            ends: for each partition of the batch, the offset after its last message; one that is already
                examined changes nothing.
            findings: the findings to store.

        Raises:
            FencedError: another detector has taken a partition over; nothing was written.
            RecoverableError: the database is unavailable; append the same data again.
        """
        spans = self._job.spans_to(ends)
        if all(start == end for start, end in spans.values()):
            return 0
        write = partial(self._store, spans=spans, findings=findings)
        return self._job.commit(self._session, spans, write, len(findings))

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _store(self, cursor: Cursor, spans: Spans, findings: Sequence[Finding]) -> int:
        self._job.advance(cursor, spans)
        written = 0
        for finding in findings:
            cursor.execute(query("insert_finding"), asdict(finding) | {"methods": list(finding.methods)})
            written += cursor.rowcount
        return written


def _all(cursor: Cursor, name: str, values: dict[str, int]) -> list[tuple[Any, ...]]:
    cursor.execute(query(name), values)
    return cursor.fetchall()


def _by_symbol(latest_first: Sequence[tuple[Any, ...]]) -> dict[str, TradeWindow]:
    rows: dict[str, list[Row]] = defaultdict(list)
    for symbol, *row in reversed(latest_first):
        rows[symbol].append(tuple(row))
    return {symbol: of_rows(symbol, own) for symbol, own in rows.items()}

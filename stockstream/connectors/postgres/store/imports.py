"""Import of exported trades into `trades`, each once and at its original record position.

The record positions are kept because they decide the order of trades of one moment, and so the open and the
close of a candle, and because an export followed by an import then gives the same table. A record position
belongs to one tape, though. An import is therefore meant for a database that no job has begun to fill from
the topic, and is refused elsewhere: there the topic is the only way in, and the same file can be replayed
through it.

Imported trades become an incarnation of the topic that precedes everything it holds (see `topic_lives`). The
jobs' committed offsets are raised above it, and when the jobs start, they read the topic from its beginning,
whether it is the one that the trades came from or another: what is already stored counts as a repeat, what is
new is stored. Positions without a trade in the files are counted as absent, so that an audit misses none.

Order of effects of `add`, in one transaction: the topic is locked against other decisions about it, then the
new trades, the committed offsets, the incarnation, and the notes of the touched minutes, whose candles a
reconciler makes. A kill thus leaves complete batches, and repeating the import finds them there.
"""

import shlex
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the driver's class has a small name

from stockstream.connectors.postgres.connection import Address
from stockstream.connectors.postgres.session import Session
from stockstream.connectors.postgres.sql import query
from stockstream.connectors.postgres.store.copy_rows import Rows
from stockstream.connectors.postgres.store.day_partitions import DayPartitions, id_ranges
from stockstream.connectors.postgres.store.incarnations import IMPORTED
from stockstream.connectors.postgres.store.trades import correct
from stockstream.errors import PositionClashError, TapeInUseError

JOBS = ["aggregator", "consumer", "detector"]

Position = tuple[int, int]


class ImportedTape:
    """The tables as an import fills them, for one topic."""

    def __init__(self, address: Address, topic: str) -> None:
        """Create the writer; the connection is opened when needed."""
        self._session = Session(address, "import")
        self._topic = topic
        self._days = DayPartitions()

    def add(self, trades: pa.Table, path: Path) -> int:
        """Store the trades that are not stored yet and return how many those were.

        Args:
            trades: trades in the schema of `arrivals`, each with its record position.
            path: the file they are from, for errors.

        Raises:
            TapeInUseError: a job has begun to read the topic.
            PositionClashError: a position belongs to another trade; nothing of this batch was stored.
            RecoverableError: the database is unavailable.
        """
        self._days.make(self._session, id_ranges(trades))
        return self._session.transaction(lambda cursor: self._add(cursor, trades, path))

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _add(self, cursor: Cursor, trades: pa.Table, path: Path) -> int:
        self._begin(cursor, path)
        cursor.execute(query("create_arrivals"))
        cursor.copy_expert(query("copy_arrivals"), Rows(trades).file())
        self._refuse_clash(cursor, path)
        cursor.execute(query("set_lookup_plan"))
        cursor.execute(query("insert_arrivals"))
        stored = cursor.fetchall()
        if stored:
            self._settle(cursor, stored)
        correct(cursor, trades)
        return len(stored)

    def _begin(self, cursor: Cursor, path: Path) -> None:
        """Make sure that nothing else fills these tables until the end of the transaction."""
        cursor.execute(query("lock_topic"), {"topic": self._topic})
        cursor.execute(query("check_topic_read"), {"topic": self._topic, "imported": IMPORTED})
        (refused,) = cursor.fetchone() or (True,)
        if refused:
            raise TapeInUseError(
                topic=self._topic, database=self._session.address.database, path=shlex.quote(str(path))
            )

    def _refuse_clash(self, cursor: Cursor, path: Path) -> None:
        cursor.execute(query("select_import_clash"))
        if clash := cursor.fetchone():
            partition, offset, trades = clash
            raise PositionClashError(
                partition=partition,
                offset=f"{offset:,}",
                trades=" and ".join(trades[:2]),
                path=shlex.quote(str(path)),
            )

    def _settle(self, cursor: Cursor, stored: Sequence[Position]) -> None:
        """Raise the committed offsets above what was stored, and note the touched minutes."""
        offsets = defaultdict[int, list[int]](list)
        for partition, offset in stored:
            offsets[partition].append(offset)
        positions: dict[str, object] = {
            "topic": self._topic,
            "imported": IMPORTED,
            "jobs": JOBS,
            "partitions": list(offsets),
            "next_offsets": [max(each) + 1 for each in offsets.values()],
            "trades": [len(each) for each in offsets.values()],
        }
        for step in ("upsert_imported_offsets", "insert_imported_incarnations", "insert_touched_arrivals"):
            cursor.execute(query(step), positions)

"""Exported trades put back into `trades`, each once and at the place that it had.

Why at the same place: the order of trades of one moment, and so the open and the close of a candle, hang on
it, and so an export followed by an import gives the same table. A place belongs to one tape, though. So an
import is for a database that no job has begun to fill from the topic, and is refused elsewhere: there the
topic is the one way in, and a replay of the same file goes through it.

What is imported becomes an incarnation of the topic that precedes all that it holds (see `topic_lives`).
The jobs' places are brought above it, and when they start, they read the topic from its beginning, whether it
is the one that the trades came from or another: what is there already is met as a repeat, what is new is
stored. Places that the files have no trade for are counted as absent, so that an audit misses none.

Order of effects of `add`, in one transaction: nobody decides about the topic meanwhile, the new trades, the
places, the incarnation, the notes of their minutes, whose candles a reconciler makes. So a kill leaves whole
batches, and the same import again finds them there.
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
from stockstream.errors import PositionClashError, TapeInUseError

JOBS = ["aggregator", "consumer", "detector"]

Position = tuple[int, int]


class ImportedTape:
    """The tables as an import fills them, for one topic."""

    def __init__(self, address: Address, topic: str) -> None:
        """Prepare; the connection is opened when it is needed."""
        self._session = Session(address, "import")
        self._topic = topic
        self._days = DayPartitions()

    def add(self, trades: pa.Table, path: Path) -> int:
        """Store what is not there yet; returns how many those were.

        Args:
            trades: in the schema of `arrivals`, each with its place.
            path: the file they are from, for the error.

        Raises:
            TapeInUseError: a job has begun to read the topic.
            PlaceClashError: a place belongs to another trade; nothing of this batch was stored.
            RecoverableError: the database is away.
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
        return len(stored)

    def _begin(self, cursor: Cursor, path: Path) -> None:
        """Make sure that these tables are ours alone until the end of the transaction."""
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
        """Bring the places above what was stored, and note its minutes."""
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

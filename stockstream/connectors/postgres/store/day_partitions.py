"""The days of the tape: each has a partition of `trades`, and a range of trade ids.

A day's own key keeps a trade from being stored twice in that day. The same trade with another day's time
would not be noticed, so before a batch takes the fast path, the ranges tell whether any of its ids could be
in another day: never if ids grow with time, as UUIDv7 does; always if they are random, and then the dedupe
path looks up each of them.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the driver's class has a lowercase name

from stockstream.connectors.postgres.session import Session
from stockstream.connectors.postgres.sql import query

IdRange = tuple[str, str]
IdRanges = Mapping[date | None, IdRange]

# Days further away share one partition: times may be anything, the number of partitions may not.
OLDEST = timedelta(days=400)
AHEAD = timedelta(days=2)


class DayPartitions:
    """What one consumer knows of the days; others store other symbols, or wait behind the fence."""

    def __init__(self) -> None:
        self._ids: dict[date | None, IdRange | None] = {}

    def look(self, cursor: Cursor) -> None:
        """Read from the database which days there are and the ranges of their ids."""
        cursor.execute(query("select_days"))
        self._ids = {day: (low, high) if low is not None else None for day, low, high in cursor}

    def make(self, session: Session, days: Iterable[date]) -> None:
        """Create the missing partitions for trades of these days."""
        today = datetime.now(UTC)
        for day in days:
            if day not in self._ids and (today - OLDEST).date() <= day <= (today + AHEAD).date():
                session.transaction(partial(self._make, day=day))

    def _make(self, cursor: Cursor, day: date) -> None:
        cursor.execute(query("create_day"), {"day": day})
        self.look(cursor)

    def ranges(self, found: Mapping[date, IdRange]) -> IdRanges:
        """Return the range of ids for each partition that trades of these days belong to."""
        ranges: dict[date | None, IdRange | None] = {}
        for day, ids in found.items():
            _widen(ranges, day if day in self._ids else None, ids)
        return {day: ids for day, ids in ranges.items() if ids is not None}

    def may_repeat(self, mine: IdRanges) -> bool:
        """Return whether an id of these ranges could be stored in another day."""
        known = [(day, ids) for day, ids in self._ids.items() if ids is not None]
        return any(
            _overlap(ids, others)
            for day, ids in mine.items()
            for other, others in [*known, *mine.items()]
            if other != day
        )

    def stored(self, mine: IdRanges) -> None:
        """Record that trades of these ranges are stored."""
        for day, ids in mine.items():
            _widen(self._ids, day, ids)


def id_ranges(trades: pa.Table) -> dict[date, IdRange]:
    """Return the lowest and the highest id of each day that has trades."""
    found = {}
    for day in (days := _days(trades)):
        here = trades if len(days) == 1 else trades.filter(pc.equal(_day_of(trades), pa.scalar(day)))
        ids = pc.min_max(here["trade_id"])
        found[day] = (ids["min"].as_py(), ids["max"].as_py())
    return found


def _widen(ranges: dict[date | None, IdRange | None], day: date | None, ids: IdRange) -> None:
    known = ranges.get(day) or ids
    ranges[day] = (min(ids[0], known[0]), max(ids[1], known[1]))


def _days(trades: pa.Table) -> list[date]:
    if not trades.num_rows:
        return []
    # As days, not as times: Arrow would load all of pandas to make a Python time.
    ends = pc.min_max(_day_of(trades))
    first, last = ends["min"].as_py(), ends["max"].as_py()
    return [first] if first == last else list(pc.unique(_day_of(trades)).to_pylist())


def _day_of(trades: pa.Table) -> pa.ChunkedArray:
    return pc.cast(trades["timestamp"], pa.date32())


def _overlap(some: IdRange, others: IdRange) -> bool:
    """Return whether two ranges share an id; they are compared as bytes, as in the database."""
    return some[0].encode() <= others[1].encode() and others[0].encode() <= some[1].encode()

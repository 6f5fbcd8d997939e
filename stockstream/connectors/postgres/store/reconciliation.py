"""The minutes that wait to be compared with the tape, and the comparison.

Order of effects of `settle`, in one transaction: the minutes are locked, then their trades are read and their
candles written by one statement, then the minutes no longer wait, then the wider windows that contain them,
then COMMIT. A trade that is committed before the statement reads is in the candle; one that is committed
later has left its own note, which was not collected yet. After a crash at any point, and with any number of
reconcilers, every change of the tape is thus either in its candle or noted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the driver's class has a small name

from stockstream.connectors.postgres import schema, wide_candles
from stockstream.connectors.postgres.connection import Address
from stockstream.connectors.postgres.read.trade_reader import BEGINNING, END
from stockstream.connectors.postgres.session import Session
from stockstream.connectors.postgres.sql import query
from stockstream.connectors.postgres.wide_candles import KeptFrame
from stockstream.fault_injection import reached

# How many notes are collected at once, and how long a minute that no engine closes must be unchanged to be
# due.
MOST_NOTES = 50_000
QUIET = timedelta(seconds=5)
MINUTE = timedelta(minutes=1)
# Minutes no further apart than this are read together.
NEAR = 2 * MINUTE

Key = tuple[datetime, str]
FIRST: Key = (BEGINNING, "")


@dataclass(frozen=True)
class Span:
    """Minutes of a time span, of some symbols or of all if None, noted before a given time."""

    since: datetime = BEGINNING
    until: datetime = END
    symbols: Sequence[str] | None = None
    noted_before: datetime = END


@dataclass(frozen=True)
class Waiting:
    """How many ended minutes wait to be reconciled, and since when; None if that is not known."""

    minutes: int
    since: datetime | None


@dataclass(frozen=True)
class Settled:
    """The outcome of a step over some minutes.

    Attributes:
        looked_at: how many were compared with the tape.
        settled: how many of those now equal it; the others have more trades than the consumer has stored, and
            wait for it.
        mended: how many candles that had been final were changed.
        last: the last of the minutes, after which to continue.
        is_all: whether no more are due.
    """

    looked_at: int
    settled: int
    mended: int
    last: Key
    is_all: bool


class Reconciliation:
    """The tables as one reconciler uses them."""

    def __init__(self, address: Address) -> None:
        """Create the reader and writer; the connection is opened when needed, and again after it broke."""
        self._session = Session(address, "reconciler")

    def check(self) -> None:
        """Raise SchemaMissingError or SchemaTooNewError unless the tables have this program's version."""
        schema.require(self._session.connection, self._session.address)

    def now(self) -> datetime:
        """Return the database's time."""
        return self._session.transaction(_now)

    def collect(self) -> None:
        """Collect the notes of touched minutes, and the candles without a note."""
        while self._session.transaction(self._collect_notes) == MOST_NOTES:
            pass
        self._session.transaction(lambda cursor: cursor.execute(query("collect_unreconciled")))

    def settle(self, after: Key, most: int, quiet: timedelta, stored_up_to: datetime) -> Settled:
        """Make the candles of the next due minutes equal to the tape.

        Args:
            after: the last minute of the previous step.
            most: how many minutes to take at once.
            quiet: how long nothing may have changed, unless an engine has closed the candle.
            stored_up_to: the consumer has stored everything that an engine can have read up to this time.
        """
        return self._session.transaction(
            lambda cursor: self._settle(cursor, after, most, quiet, stored_up_to)
        )

    def close_wide(self, quiet: timedelta) -> None:
        """Close the wider windows that are over."""
        self._session.transaction(
            lambda cursor: cursor.execute(query("close_wide_candles"), {"quiet": quiet})
        )

    def keep_frame(self, frame: KeptFrame) -> None:
        """Maintain the windows of a frame from now on, and make those of stored candles."""
        self._session.transaction(lambda cursor: wide_candles.keep(cursor, frame))

    def touch(self, span: Span) -> int:
        """Note all minutes of a span and return how many."""
        return self._session.transaction(lambda cursor: _count(cursor, "insert_touched_span", span))

    def waiting(self, span: Span | None = None) -> Waiting:
        """Return what waits in a span."""
        return self._session.transaction(lambda cursor: _waiting(cursor, span or Span()))

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _collect_notes(self, cursor: Cursor) -> int:
        cursor.execute(query("collect_touched"), {"most": MOST_NOTES})
        reached("notes collected")
        return int((cursor.fetchone() or (0,))[0])

    def _settle(
        self, cursor: Cursor, after: Key, most: int, quiet: timedelta, stored_up_to: datetime
    ) -> Settled:
        key = {"after_start": after[0], "after_symbol": after[1], "most": most, "quiet": quiet}
        cursor.execute(query("lock_due_minutes"), key)
        due = cursor.fetchall()
        if not due:
            return Settled(0, 0, 0, after, is_all=True)
        reached("minutes locked")
        near = _near(due)
        minutes = {"symbols": [symbol for symbol, _ in near], "starts": [start for _, start in near]}
        span = {"since": near[0][1], "until": near[-1][1] + MINUTE, "stored_up_to": stored_up_to}
        cursor.execute(query("reconcile_minutes"), minutes | span)
        settled, mended = cursor.fetchone() or (0, 0)
        reached("candles written")
        wide_candles.update(cursor, [symbol for symbol, _ in near], [start for _, start in near])
        reached("before COMMIT")
        is_all = len(due) < most and len(near) == len(due)
        return Settled(len(near), settled, mended, (near[-1][1], near[-1][0]), is_all)


def _near(due: Sequence[tuple[str, datetime]]) -> Sequence[tuple[str, datetime]]:
    """Return the first of these minutes that lie close together, whose trades one time span can hold."""
    for place, ((_, start), (_, following)) in enumerate(pairwise(due), 1):
        if following - start > NEAR:
            return due[:place]
    return due


def _now(cursor: Cursor) -> datetime:
    cursor.execute("SELECT clock_timestamp()")
    (now,) = cursor.fetchone() or (BEGINNING,)
    return now if isinstance(now, datetime) else BEGINNING


def _count(cursor: Cursor, name: str, span: Span) -> int:
    cursor.execute(query(name), vars(span))
    return int((cursor.fetchone() or (0,))[0])


def _waiting(cursor: Cursor, span: Span) -> Waiting:
    cursor.execute(query("count_waiting"), vars(span))
    return Waiting(*(cursor.fetchone() or (0, None)))

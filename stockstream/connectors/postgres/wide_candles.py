"""The candles of other widths than a minute, put together from reconciled minutes.

Windows of whole days follow the days of the exchange that a symbol trades at. The rules for that are kept
with their frame, so that all reconcilers agree: another CALENDARS counts once the frame is kept again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the driver's class has a small name

from stockstream.connectors.calendars import days_of
from stockstream.connectors.postgres.sql import query
from stockstream.market.candles.frame import Frame
from stockstream.market.sessions.calendars import calendars
from stockstream.market.sessions.schedule import UTC_DAYS

DAY = timedelta(days=1)
# What windows are counted from; a Monday for those of whole days.
THURSDAY, MONDAY = datetime(1970, 1, 1), datetime(1970, 1, 5)  # noqa: DTZ001 - by the clock of any zone


class KeptFrame(NamedTuple):
    """A frame as it is stored, and the rules by which symbols have the days of an exchange."""

    width: timedelta
    slide: timedelta
    calendars: str

    @classmethod
    def of(cls, frame: Frame, rules: str) -> "KeptFrame":
        """Return a frame as it is stored.

        Raises:
            SettingsError: the rules name a calendar that does not exist.
        """
        kept = cls(timedelta(microseconds=frame.width), timedelta(microseconds=frame.slide), rules)
        if kept.is_of_days:
            for name in calendars(rules).names:
                days_of(name)
        return kept

    @property
    def is_of_days(self) -> bool:
        """Whether its windows slide by whole days, and so begin with the days of an exchange."""
        return not self.slide % DAY


def keep(cursor: Cursor, frame: KeptFrame) -> None:
    """Maintain the windows of a frame from now on, and make those of stored candles."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtext('candle_frames'))")
    cursor.execute(query("insert_frame"), frame._asdict())


def update(cursor: Cursor, symbols: Sequence[str], starts: Sequence[datetime]) -> None:
    """Put the windows of all frames together that these reconciled minutes are in."""
    # Two transactions that build the same window see one another's minutes only if they run one after the
    # other.
    cursor.execute("SELECT pg_advisory_xact_lock(hashtext('candle_frames')) FROM candle_frames LIMIT 1")
    if not cursor.fetchone():
        return
    cursor.execute(query("select_frames"))
    minutes = {"symbols": list(symbols), "starts": list(starts)}
    for frame in [KeptFrame(*row) for row in cursor.fetchall()]:
        clock = _clock(cursor, frame, symbols, starts)
        cursor.execute(query("upsert_wide_candles"), minutes | frame._asdict() | clock)


def _clock(
    cursor: Cursor, frame: KeptFrame, symbols: Sequence[str], starts: Sequence[datetime]
) -> dict[str, object]:
    """Return by which clock the windows of each minute begin."""
    days, origin = [UTC_DAYS] * len(symbols), THURSDAY
    if frame.is_of_days:
        cursor.execute(query("select_sources"), {"symbols": list(symbols), "starts": list(starts)})
        rules, sources = calendars(frame.calendars), [source for (source,) in cursor.fetchall()]
        days = [days_of(rules.of(*each)) for each in zip(symbols, sources, strict=True)]
        origin = MONDAY
    zones, earlies = [each.zone for each in days], [each.early for each in days]
    return {"zones": zones, "earlies": earlies, "origin": origin}

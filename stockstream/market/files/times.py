"""The time in a cell: text, a datetime, or a number, which has no unit of its own.

A number is accepted only if the time it would be is plausible. The ranges of the forms then do not
overlap, so that a number has one meaning or none:

>>> at = TimeReader(TimeRule.plausible(until=datetime(2027, 1, 1, tzinfo=UTC)))
>>> [f"{at.read(word):%Y-%m-%d %H:%M}" for word in ("1704205800", "1704205800000", "20240102", "45293.5")]
['2024-01-02 14:30', '2024-01-02 14:30', '2024-01-02 00:00', '2024-01-02 12:00']
>>> at.read("34200.004")
Traceback (most recent call last):
stockstream.errors.BadTradeError: timestamp 34200.004: needs a number that is a plausible time
>>> at.read("100000", "20240103").isoformat()
'2024-01-03T10:00:00+00:00'
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from typing import Self

from stockstream.market.trade.codec import refuse

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICRO = timedelta(microseconds=1)
YEAR = timedelta(days=365)
# An earlier number of seconds has as few digits as a date or a time of day.
EARLIEST_NUMBER = datetime(1980, 1, 1, tzinfo=UTC)
# Excel counts days from its 1900; a time of day in seconds looks like a day in the nineties.
EXCEL_EPOCH = (datetime(1899, 12, 30, tzinfo=UTC) - EPOCH) // MICRO
EARLIEST_DAY = (datetime(2000, 1, 1, tzinfo=UTC) - EPOCH) // MICRO
MILLIS_A_DAY = 86_400_000

# Units that a person may name, as powers of ten of a microsecond.
SCALES: Mapping[str, int] = {"s": 6, "ms": 3, "us": 0, "ns": -3}
TEXT, COUNT, DATE, DAYS, CLOCK = "text", "count", "date", "days", "clock"
# Counted from midnight, in the zone of the file.
OF_DAY: Mapping[str, int] = {f"day-{unit}": scale for unit, scale in SCALES.items()}
UNITS = (*SCALES, DAYS, DATE, *OF_DAY)

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(?:(\d\d)(\d{3})?)?)?", re.ASCII)
# HHMMSS, with milliseconds, microseconds or nanoseconds, possibly without the leading zero. Fewer than five
# digits may be HHMM.
_CLOCK = re.compile(r"(\d{1,2})(\d\d)(\d\d)(\d{3}|\d{6}|\d{9})?", re.ASCII)
# Spellings beside ISO 8601 that put the year first, so that they mean one time: 2024.01.02D09:30:00,
# 20240102-09:30:00, 2024/01/02 09:30:00 UTC.
_YEAR_FIRST = re.compile(r"(\d{4})([-./]?)(\d\d)\2(\d\d)[ TD-]([\d:.,]+) ?(UTC|GMT|Z|[+-][\d:]+)?", re.ASCII)


@dataclass(frozen=True)
class TimeRule:
    """Which numbers are accepted as times.

    Args:
        forms: a unit that a person named, or the forms that a number may have.
        low: the earliest time that a number may be.
        high: the time that a number must be before.
        day: the date of times of day, if no column has it.
        zone: the zone of times without an offset.
        pattern: how dates are spelt, as for `strptime`; empty for ISO 8601.
    """

    forms: tuple[str, ...]
    low: datetime
    high: datetime
    day: date | None = None
    zone: tzinfo = UTC
    pattern: str = ""

    @classmethod
    def plausible(
        cls, until: datetime, day: date | None = None, zone: tzinfo = UTC, pattern: str = ""
    ) -> Self:
        """Return the rule for a file of which nothing is known yet."""
        return cls((COUNT, DATE, DAYS), EARLIEST_NUMBER, until, day, zone, pattern)

    @classmethod
    def named(cls, unit: str, day: date | None = None, zone: tzinfo = UTC, pattern: str = "") -> Self:
        """Return the rule for a unit that a person named: any time it gives is accepted."""
        low, high = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
        return cls((unit,), low, high, day, zone, pattern)


class TimeReader:
    """Reads times by a rule."""

    def __init__(self, rule: TimeRule) -> None:
        self.rule = rule
        self._low, self._high = ((edge - EPOCH) // MICRO for edge in (rule.low, rule.high))
        # A unit that a person named is accepted.
        self._earliest_day = max(self._low, EARLIEST_DAY) if len(rule.forms) > 1 else self._low

    def read(self, cell: object, day: object = None) -> datetime:
        """Return the time in UTC that a cell means; one without an offset is in the rule's zone.

        Args:
            cell: the cell of the time.
            day: the cell of the date, if the file has a separate column for it.

        Raises:
            BadTradeError: it is not a time, or a number that is not accepted.
        """
        return self.read_with_form(cell, day)[0]

    def read_with_form(self, cell: object, day: object = None) -> tuple[datetime, str]:
        """Return the time, and the form in which it was written.

        Raises:
            BadTradeError: it is not a time, or a number that is not accepted.
        """
        zone = self.rule.zone
        if isinstance(cell, datetime):
            return in_utc(cell, zone), TEXT
        if isinstance(cell, date):
            return in_utc(datetime(cell.year, cell.month, cell.day), zone), TEXT  # noqa: DTZ001 - in the zone
        day = self.rule.day if day is None else day
        if self.rule.forms[0] in OF_DAY:
            return self._of_day(cell, day), CLOCK
        if day is not None and (clock := clock_of(cell)) is not None:
            return in_utc(datetime.combine(self.date(day), clock), zone), CLOCK
        number = number_of(cell)
        return self._of_text(cell) if number is None else self._of_number(number)

    def _of_day(self, cell: object, day: object) -> datetime:
        number = number_of(cell)
        if number is None or day is None:
            return refuse(
                "timestamp", repr(str(cell)), "a number counted from midnight, and a date beside it"
            )
        micros = int(number.scaleb(OF_DAY[self.rule.forms[0]]).to_integral_value(ROUND_FLOOR))
        if not 0 <= micros < MILLIS_A_DAY * 1000:
            return refuse("timestamp", str(number), "a time within a day")
        clock = (EPOCH + MICRO * micros).time()
        return in_utc(datetime.combine(self.date(day), clock), self.rule.zone)

    def date(self, cell: object) -> date:
        """Return the date in a cell."""
        if isinstance(cell, date):
            return cell.date() if isinstance(cell, datetime) else cell
        text = str(cell).strip()
        try:
            if self.rule.pattern:
                return datetime.strptime(text, self.rule.pattern).date()  # noqa: DTZ007 - a day has no zone
            # Both 2024-01-02 and 20240102.
            return datetime.fromisoformat(text).date()
        except ValueError:
            return refuse("date", repr(text), "a date, such as 2026-01-31 or 20260131")

    def _of_text(self, cell: object) -> tuple[datetime, str]:
        text = "" if cell is None else str(cell).strip()
        try:
            return in_utc(_moment(text), self.rule.zone), TEXT
        except (ValueError, OverflowError):
            rule = "a time" if clock_of(cell) is None else "a date beside its time of day"
            return refuse("timestamp", repr(text), rule)

    def _of_number(self, number: Decimal) -> tuple[datetime, str]:
        for form in self.rule.forms:
            earliest = self._earliest_day if form == DAYS else self._low
            for micros in _micros(number, form):
                if earliest <= micros < self._high:
                    return EPOCH + MICRO * micros, form
        return refuse("timestamp", str(number), "a number that is a plausible time")


def _moment(text: str) -> datetime:
    with suppress(ValueError):
        return datetime.fromisoformat(text)
    if found := _YEAR_FIRST.fullmatch(text):
        year, _, month, day, clock, offset = found.groups()
        offset = "Z" if offset in ("UTC", "GMT") else offset or ""
        return datetime.fromisoformat(f"{year}-{month}-{day}T{clock}{offset}")
    raise ValueError(text)


def number_of(cell: object) -> Decimal | None:
    """Return the number that a cell contains, as a number or as text, or None if there is none."""
    if isinstance(cell, bool) or cell is None:
        return None
    if isinstance(cell, int):
        return Decimal(cell)
    text = str(cell).strip()
    if not _NUMBER.fullmatch(text):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _micros(number: Decimal, form: str) -> Iterator[int]:
    """Yield the microseconds since 1970 that a number can mean in a form: for COUNT one for each unit."""
    if form == DATE:
        yield from _of_date(number)
    elif form == DAYS:
        # A spreadsheet stores no more than milliseconds, and prints less than it stores.
        yield EXCEL_EPOCH + int((number * MILLIS_A_DAY).to_integral_value()) * 1000
    else:
        for unit in SCALES if form == COUNT else (form,):
            yield int(number.scaleb(SCALES[unit]).to_integral_value(ROUND_FLOOR))


def in_utc(moment: datetime, zone: tzinfo = UTC) -> datetime:
    """Return a time in UTC; one without an offset is in a zone, the earlier one where clocks are set back.

    Raises:
        BadTradeError: it is so far away that it has no date in UTC.
    """
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return refuse("timestamp", moment.isoformat(), "a time")


def _of_date(number: Decimal) -> Iterator[int]:
    if found := _DATE.fullmatch(f"{number:f}"):
        year, month, day, hour, minute, second, millis = (int(part or 0) for part in found.groups())
        with suppress(ValueError):
            yield (datetime(year, month, day, hour, minute, second, millis * 1000, UTC) - EPOCH) // MICRO


def clock_of(cell: object) -> time | None:
    """Return the time of day in a cell, or None if there is none."""
    if isinstance(cell, time):
        return cell
    text = "" if cell is None or isinstance(cell, bool) else str(cell).strip()
    try:
        if found := _CLOCK.fullmatch(text):
            hour, minute, second, fraction = found.groups()
            return time(int(hour), int(minute), int(second), int((fraction or "0").ljust(6, "0")[:6]))
        return time.fromisoformat(text if text[1:2] != ":" else f"0{text}") if ":" in text else None
    except ValueError:
        return None

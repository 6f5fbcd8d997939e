"""The sessions of a calendar: hours of trading in UTC, and the day of each in the zone of the exchange."""

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import accumulate
from operator import sub
from typing import TypeAlias
from zoneinfo import ZoneInfo

# 64 bits each. The dashboard does without NumPy until a page needs it.
Ints: TypeAlias = "array[int]"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MIDNIGHT = timedelta(0)


@dataclass(frozen=True)
class Days:
    """How time is divided into days: at midnight of a zone, or a while before it.

    Attributes:
        zone: the name of the zone.
        early: how long before midnight a day begins; Globex opens for Tuesday at 17:00 on Monday.
    """

    zone: str = "UTC"
    early: timedelta = MIDNIGHT

    @property
    def zone_info(self) -> tzinfo:
        """The zone; UTC itself where that is the zone."""
        return UTC if self.zone == "UTC" else ZoneInfo(self.zone)

    @property
    def clock(self) -> tzinfo:
        """The zone, or one whose clocks are so much ahead of it that days begin at midnight.

        >>> globex = Days("America/Chicago", timedelta(hours=7))
        >>> str(datetime(2026, 3, 8, 22, tzinfo=UTC).astimezone(globex.clock))
        '2026-03-09 00:00:00+02:00'
        """
        return _Ahead(self.zone_info, self.early) if self.early else self.zone_info

    def day_of(self, moment: datetime) -> date:
        """Return the day that a moment belongs to.

        >>> Days("America/New_York").day_of(datetime(2013, 11, 30, 1, tzinfo=UTC))
        datetime.date(2013, 11, 29)
        >>> Days("America/Chicago", timedelta(hours=7)).day_of(datetime(2026, 3, 8, 22, tzinfo=UTC))
        datetime.date(2026, 3, 9)
        """
        return moment.astimezone(self.clock).date()

    def start_of(self, day: date) -> datetime:
        """Return when a day begins, in UTC.

        >>> str(Days("America/New_York").start_of(date(2026, 11, 2)))
        '2026-11-02 05:00:00+00:00'
        """
        return datetime(day.year, day.month, day.day, tzinfo=self.clock).astimezone(UTC)


class _Ahead(tzinfo):
    """A zone whose clocks are ahead of those of another."""

    def __init__(self, zone: tzinfo, ahead: timedelta) -> None:
        self._zone, self._ahead = zone, ahead

    def utcoffset(self, moment: datetime | None, /) -> timedelta | None:
        shown = moment and moment.replace(tzinfo=None) - self._ahead
        offset = self._zone.utcoffset(shown)
        return None if offset is None else offset + self._ahead

    def dst(self, moment: datetime | None, /) -> timedelta | None:
        return self._zone.dst(moment and moment.replace(tzinfo=None) - self._ahead)

    def tzname(self, moment: datetime | None, /) -> str | None:
        return self._zone.tzname(moment and moment.replace(tzinfo=None) - self._ahead)

    def fromutc(self, moment: datetime, /) -> datetime:
        there = moment.replace(tzinfo=UTC).astimezone(self._zone).replace(tzinfo=None)
        return (there + self._ahead).replace(tzinfo=self)


UTC_DAYS = Days()


@dataclass(frozen=True)
class Hours:
    """A span of trading, from `open` to before `close`, and the day of its session."""

    open: datetime
    close: datetime
    day: date


@dataclass(frozen=True, eq=False)
class Schedule:
    """The hours of trading of a calendar, in order; a session with a pause at noon has two.

    Attributes:
        days: how the exchange divides time into days.
        opens: when hours begin, in microseconds since 1970.
        closes: when they end.
        ordinals: the day of their session, in days since 1970.
    """

    days: Days
    opens: Ints
    closes: Ints
    ordinals: Ints
    _passed: Ints = field(init=False, repr=False)

    def __post_init__(self) -> None:
        lengths = accumulate(map(sub, self.closes, self.opens), initial=0)
        object.__setattr__(self, "_passed", array("q", lengths))

    def hours(self, start: datetime, end: datetime) -> list[Hours]:
        """Return the hours that touch a span of time, each whole."""
        first = bisect_right(self.closes, _number(start))
        last = bisect_right(self.opens, _number(end))
        return [self._hours(at) for at in range(first, last)]

    def is_open(self, moment: datetime) -> bool:
        """Return whether a moment lies in a session."""
        at = bisect_right(self.opens, _number(moment)) - 1
        return at >= 0 and _number(moment) < self.closes[at]

    def latest(self, moment: datetime) -> datetime:
        """Return the last moment in a session up to a moment, or the moment itself before the first one."""
        at = bisect_right(self.opens, _number(moment)) - 1
        return moment if at < 0 else min(moment, _moment(self.closes[at]) - MICROSECOND)

    def before(self, moment: datetime, length: timedelta) -> datetime:
        """Return the moment that lies a length of trading before another; closed time does not count."""
        at = bisect_right(self.opens, _number(moment)) - 1
        if at < 0:
            return moment - length
        traded = self._passed[at] + min(_number(moment), self.closes[at]) - self.opens[at]
        wanted = max(traded - length // MICROSECOND, 0)
        since = bisect_right(self._passed, wanted) - 1
        return _moment(self.opens[since] + wanted - self._passed[since])

    def closings(self, start: datetime, end: datetime) -> Sequence[Hours]:
        """Return the last hours of each session that ends in a span of time."""
        hours = [each for each in self.hours(start, end) if start < each.close <= end]
        following = [self._day_after(each) for each in hours]
        return [each for each, day in zip(hours, following, strict=True) if day != each.day]

    def _day_after(self, hours: Hours) -> date | None:
        at = bisect_right(self.opens, _number(hours.open))
        return self._hours(at).day if at < len(self.opens) else None

    def _hours(self, at: int) -> Hours:
        day = EPOCH.date() + timedelta(days=self.ordinals[at])
        return Hours(_moment(self.opens[at]), _moment(self.closes[at]), day)


def _number(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND


def _moment(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)

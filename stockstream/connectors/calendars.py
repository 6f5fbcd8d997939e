"""The calendars of exchanges, from the library `exchange_calendars`.

The library imports pandas: 86 MB, and a second in which nothing else runs. So a process of its own reads it,
once for each calendar that is needed, and only the hours stay here, in less than a megabyte.

`python -m stockstream.connectors.calendars` lists the names of the calendars.
"""

import subprocess
import sys
from array import array
from datetime import date, timedelta
from functools import cache
from typing import Any

import msgspec

from stockstream.errors import ServiceError, SettingsError
from stockstream.market.sessions.calendars import ROUND_THE_CLOCK
from stockstream.market.sessions.schedule import UTC_DAYS, Days, Schedule
from stockstream.settings import PROJECT

MODULE = "stockstream.connectors.calendars"
FIRST, LAST = date(1970, 1, 1), date(2069, 12, 31)
LONGEST = 60  # seconds
MICROSECONDS = 1_000_000
SECONDS_OF_DAY = 86_400
UNKNOWN = 3  # the exit code for a name that no calendar has


class Told(msgspec.Struct):
    """What the other process says of a calendar; times in microseconds, days in days since 1970."""

    zone: str
    early: int
    opens: list[int]
    closes: list[int]
    days: list[int]


@cache
def schedule_of(name: str) -> Schedule | None:
    """Return the schedule of a calendar, or None for one that never closes.

    Raises:
        SettingsError: there is no such calendar.
        ServiceError: the library cannot be read.
    """
    if name == ROUND_THE_CLOCK:
        return None
    command = [sys.executable, "-m", MODULE, name]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, timeout=LONGEST, check=False)
    if done.returncode == UNKNOWN:
        allowed = f"no such calendar; python -m {MODULE} lists them"
        raise SettingsError(key="CALENDARS", value=name, allowed=allowed)
    if done.returncode:
        reason = (done.stderr.decode().strip().splitlines() or ["no reason given"])[-1]
        raise ServiceError(what=f"cannot read calendar {name} ({reason})")
    told = msgspec.json.decode(done.stdout, type=Told)
    days = Days(told.zone, timedelta(microseconds=told.early))
    return Schedule(days, *(array("q", each) for each in (told.opens, told.closes, told.days)))


def days_of(name: str) -> Days:
    """Return how a calendar divides time into days.

    Raises:
        SettingsError: there is no such calendar.
        ServiceError: the library cannot be read.
    """
    schedule = schedule_of(name)
    return UTC_DAYS if schedule is None else schedule.days


def _read(name: str) -> Told | None:
    """Return a calendar as the library has it, or None if it has none of this name."""
    import exchange_calendars as library  # noqa: PLC0415 - only in the process of its own

    try:
        kind = type(library.get_calendar(name))
    except library.errors.InvalidCalendarName:
        return None
    since, until = kind.bound_min(), kind.bound_max()
    found = library.get_calendar(
        name,
        start=max(FIRST, since.date()) if since is not None else FIRST,
        end=min(LAST, until.date()) if until is not None else LAST,
    )
    opening = found.open_times[-1][1]
    seconds = opening.hour * 3_600 + opening.minute * 60
    early = SECONDS_OF_DAY - seconds if found.open_offset < 0 else 0
    return Told(str(found.tz), early * MICROSECONDS, *_hours(found))


def _hours(found: Any) -> tuple[list[int], list[int], list[int]]:  # noqa: ANN401 - the library ships no types
    """Return the hours of a calendar's sessions; a pause divides those of its session."""
    paused = found.break_starts.notna()
    parts = [
        *zip(found.opens, found.break_starts.where(paused, found.closes), found.sessions, strict=True),
        *zip(found.break_ends[paused], found.closes[paused], found.sessions[paused], strict=True),
    ]
    hours = sorted((_microseconds(begin), _microseconds(end), day) for begin, end, day in parts)
    opens, closes, days = zip(*hours, strict=True)
    return [*opens], [*closes], [(day.date() - FIRST).days for day in days]


def _microseconds(time: Any) -> int:  # noqa: ANN401 - a time of pandas
    return int(time.value) // 1_000


def _main(names: list[str]) -> int:
    if not names:
        import exchange_calendars as library  # noqa: PLC0415 - only in the process of its own

        sys.stdout.write("\n".join(library.get_calendar_names()) + "\n")
        return 0
    told = _read(names[0])
    if told is None:
        return UNKNOWN
    sys.stdout.buffer.write(msgspec.json.encode(told))
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))

"""Times in the viewer's time zone; everything that is read or asked stays in UTC."""

from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Any, TypeVar

Answer = TypeVar("Answer")
ASKED = frozenset({"question", "hours"})


def formatted_in(zone: tzinfo, answer: Answer) -> Answer:
    """Return the same answer with every time in it converted to a zone; the moments stay the same.

    >>> from datetime import timedelta, timezone
    >>> noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    >>> formatted_in(timezone(timedelta(hours=1)), [noon])[0].hour, formatted_in(UTC, [noon]) == [noon]
    (13, True)
    """
    shown: Answer = answer if zone is UTC else _in_zone(zone, answer)
    return shown


def zone_name(moment: datetime) -> str:
    """Return the short name of a moment's time zone.

    >>> zone_name(datetime(2026, 11, 23, tzinfo=UTC))
    'UTC'
    """
    return moment.tzname() or ""


def _in_zone(zone: tzinfo, part: object) -> Any:  # noqa: ANN401 - returns the type that it is given
    if isinstance(part, datetime):
        return part.astimezone(zone)
    if is_dataclass(part) and not isinstance(part, type):
        names = [each.name for each in fields(part) if each.init and each.name not in ASKED]
        return replace(part, **{name: _in_zone(zone, getattr(part, name)) for name in names})
    if isinstance(part, list):
        return [_in_zone(zone, each) for each in part]
    if isinstance(part, tuple):
        return tuple(_in_zone(zone, each) for each in part)
    if isinstance(part, dict):
        return {key: _in_zone(zone, each) for key, each in part.items()}
    return part

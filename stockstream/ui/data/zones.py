"""Times as the viewer's clock shows them; all that is read and asked stays in UTC."""

from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Any, TypeVar

Answer = TypeVar("Answer")
ASKED = frozenset({"question"})


def formatted_in(zone: tzinfo, answer: Answer) -> Answer:
    """Return the same answer with every moment in it told in a zone; the moments themselves stay.

    >>> from datetime import timedelta, timezone
    >>> noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    >>> formatted_in(timezone(timedelta(hours=1)), [noon])[0].hour, formatted_in(UTC, [noon]) == [noon]
    (13, True)
    """
    told: Answer = answer if zone is UTC else _told(zone, answer)
    return told


def zone_name(moment: datetime) -> str:
    """Return the short name of the zone that a moment is told in.

    >>> zone_name(datetime(2026, 11, 23, tzinfo=UTC))
    'UTC'
    """
    return moment.tzname() or ""


def _told(zone: tzinfo, part: object) -> Any:  # noqa: ANN401 - what comes in goes out
    if isinstance(part, datetime):
        return part.astimezone(zone)
    if is_dataclass(part) and not isinstance(part, type):
        names = [each.name for each in fields(part) if each.init and each.name not in ASKED]
        return replace(part, **{name: _told(zone, getattr(part, name)) for name in names})
    if isinstance(part, list):
        return [_told(zone, each) for each in part]
    if isinstance(part, tuple):
        return tuple(_told(zone, each) for each in part)
    if isinstance(part, dict):
        return {key: _told(zone, each) for key, each in part.items()}
    return part

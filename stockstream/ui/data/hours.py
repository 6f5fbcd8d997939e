"""The sessions that a question is about: the schedule of each symbol, and what is hidden outside of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from stockstream.connectors.calendars import schedule_of
from stockstream.connectors.postgres.read_pool import Rows
from stockstream.market.sessions.calendars import Calendars
from stockstream.market.sessions.schedule import Hours, Schedule
from stockstream.ui.data.sql import query
from stockstream.ui.data.window import Span

EVERY, REGULAR = "all", "regular"
# The hours of what never closes, for a statement, which has them in a coalesce. (To the planner `<@` alone is
# so rare a condition that it would no longer seek the newest trade by its index.)
ALWAYS = None


@dataclass(frozen=True)
class TradingHours:
    """The schedules of symbols, None for those that never close; and whether only regular hours are shown."""

    schedules: Mapping[str, Schedule | None] = field(default_factory=dict)
    is_regular: bool = False

    @property
    def hides(self) -> bool:
        """Whether anything can be hidden."""
        return self.is_regular and any(self.schedules.values())

    def of(self, symbol: str | None) -> Schedule | None:
        """Return the schedule of a symbol, or None if it never closes or its sessions are not asked for."""
        return self.schedules.get(symbol) if symbol else None

    def hiding(self, symbol: str | None) -> Schedule | None:
        """Return the schedule outside of which trades of a symbol are hidden, or None if none are."""
        return self.of(symbol) if self.is_regular else None

    def shared(self, symbols: Iterable[str]) -> Schedule | None:
        """Return the schedule outside of which trades of all these symbols are hidden, if it is the same."""
        found = {self.hiding(symbol) for symbol in symbols}
        return found.pop() if len(found) == 1 else None

    def shows(self, symbol: str, moment: datetime) -> bool:
        """Return whether what happens to a symbol at a moment is shown."""
        schedule = self.hiding(symbol)
        return schedule is None or schedule.is_open(moment)

    def latest(self, symbols: Iterable[str], moment: datetime) -> datetime:
        """Return the last moment up to another at which trades of one of these symbols are shown."""
        schedules = {self.hiding(symbol) for symbol in symbols}
        return max((each.latest(moment) if each else moment for each in schedules), default=moment)

    def facts(self, symbols: Sequence[str], span: Span) -> dict[str, object]:
        """Return for a statement which times of a span are shown: ranges, and the place of each symbol's."""
        schedules = [self.hiding(symbol) for symbol in symbols]
        places = {schedule: place for place, schedule in enumerate(dict.fromkeys(schedules), 1)}
        ranges = [
            _ranges(schedule.hours(span.start, span.end)) if schedule else ALWAYS for schedule in places
        ]
        return {"hours": ranges, "hours_of": [places[schedule] for schedule in schedules]}


def trading_hours(
    rows: Rows, rules: Calendars, symbols: Sequence[str], until: datetime, *, is_regular: bool
) -> TradingHours:
    """Return the hours of these symbols, by the source of their newest trades up to a moment.

    Raises:
        SettingsError: a rule names a calendar that does not exist.
        ServiceError: the library of calendars cannot be read.
    """
    sources: dict[str, str | None] = dict(rows(query("sources"), {"symbols": list(symbols), "until": until}))
    found = {symbol: schedule_of(rules.of(symbol, sources.get(symbol))) for symbol in symbols}
    return TradingHours(found, is_regular)


def _ranges(hours: Sequence[Hours]) -> str:
    return f"{{{','.join(f'[{each.open.isoformat()},{each.close.isoformat()})' for each in hours)}}}"

"""Options for files that are replayed."""

import csv
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, tzinfo
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from stockstream.errors import UsageError
from stockstream.jobs.produce.options import symbols_of
from stockstream.jobs.produce.validation import number, refuse
from stockstream.market.files.columns import NAMES, field_of
from stockstream.market.files.formats import BY_NAME
from stockstream.market.files.identity import ID_PARTS
from stockstream.market.files.rows import PLAIN, Meaning
from stockstream.market.files.times import UNITS, TimeRule

SLOWEST, FASTEST = 0.001, 1e6
MOST_SHIFT = 12
MOST_SOURCE = 64
ALLOWED_SYMBOLS = "symbols separated by commas, or an existing file of symbols"


@dataclass(frozen=True)
class Manner:
    """How a file is replayed.

    Args:
        speed: multiple of the original pace; None is as fast as possible.
        shift: whether trades happen now, under new ids, or when and as the file says.
        loop: whether it starts again at its end.
        symbols: the symbols to replay; empty for all.
    """

    speed: float | None = 1.0
    shift: bool = False
    loop: bool = False
    symbols: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ReplayOptions:
    """A file's columns, units and names, as far as they were given.

    Args:
        columns: column names by field; an empty name is no column.
        symbol: the symbol of all rows, if one was given.
        source: the name of the tape.
        id_parts: within what ids are unique.
        price_shift: how many digits the decimal point of prices moves to the left; None if not given.
        zone: the zone of times without an offset; None if not given.
        format: the name of the file's format; None if not given.
        force: whether a file is sent although many of its rows are not trades.
        side: the rule by which unknown sides are inferred; None if they stay unknown.
        quotes: files of quotes for that rule.
        pattern: how dates are spelt.
        meaning: what the cells of the file mean.
    """

    manner: Manner
    columns: dict[str, str]
    symbol: str | None
    source: str | None
    id_parts: tuple[str, ...]
    time_unit: str | None
    day: date | None
    price_shift: int | None
    zone: tzinfo | None = None
    format: str | None = None
    force: bool = False
    side: str | None = None
    quotes: tuple[str, ...] = ()
    pattern: str = ""
    meaning: Meaning = PLAIN

    @classmethod
    def of(cls, arguments: Namespace) -> Self:
        """Return the options on the command line.

        Raises:
            UsageError: an option is invalid; the error names it and the allowed values.
        """
        symbols = symbols_of(arguments.symbols, ALLOWED_SYMBOLS) if arguments.symbols else ()
        manner = Manner(_speed(arguments.speed), arguments.shift, arguments.loop, frozenset(symbols))
        if manner.loop and not manner.shift:
            message = (
                "--loop: the second lap would be the same trades, and the tape keeps each once; add --shift"
            )
            raise UsageError(what=message)
        return cls(
            manner,
            _columns(arguments.columns),
            symbols[0] if len(symbols) == 1 else None,
            _source(arguments.source_name),
            _id_parts(arguments.id_per),
            _time_unit(arguments.time_unit),
            _day(arguments.date),
            _price_shift(arguments.price_scale),
            _zone(arguments.time_zone),
            _format(arguments.format),
            force=arguments.force,
            side=arguments.side,
            quotes=_quotes(arguments.quotes, arguments.side),
        )

    def reading(self) -> str:
        """Return a text that identifies how the file is read, whatever the pace."""
        plain = replace(self, manner=replace(self.manner, speed=None, symbols=frozenset()), meaning=PLAIN)
        return repr(plain) + repr(sorted(self.manner.symbols))

    def time_rule(self, until: datetime) -> TimeRule:
        """Return the rule for the file's times, before anything is known of them.

        Args:
            until: no number is read as a later time.
        """
        rest = self.day, self.zone or UTC, self.pattern
        return TimeRule.named(self.time_unit, *rest) if self.time_unit else TimeRule.plausible(until, *rest)


def _speed(text: str | None) -> float | None:
    if text is None:
        return 1.0
    if text == "max":
        return None
    allowed = f"how many times the original pace, {SLOWEST:g} to {FASTEST:,.0f}, or max"
    speed = number("--speed", text, float, allowed)
    if not SLOWEST <= speed <= FASTEST:
        refuse("--speed", text, allowed)
    return speed


def _columns(text: str | None) -> dict[str, str]:
    """Parse FIELD=NAME,…, or NUMBER=FIELD,…; a name with a comma is quoted as in a CSV file."""
    asked: dict[str, str] = {}
    for pair in next(csv.reader([text or ""]), []):
        field, equals, column = (part.strip() for part in pair.partition("="))
        if field.isdecimal():
            field, column = field_of(column) or column, field
        if not equals or field not in NAMES or not (column or field == "trade_id"):
            refuse("--columns", pair, f"FIELD=NAME, where FIELD is one of {', '.join(NAMES)}")
        asked[field] = column
    return asked


def _source(text: str | None) -> str | None:
    if text is not None and not (0 < len(text) <= MOST_SOURCE and text.isprintable()):
        refuse("--source-name", text, f"1 to {MOST_SOURCE} characters, no control characters")
    return text


def _id_parts(text: str | None) -> tuple[str, ...]:
    parts = tuple(part.strip() for part in text.split(",")) if text is not None else ()
    if not set(parts) <= set(ID_PARTS) or len(set(parts)) < len(parts):
        refuse("--id-per", text or "", f"{', '.join(ID_PARTS)}, or both separated by a comma")
    return parts


def _time_unit(text: str | None) -> str | None:
    if text is not None and text not in UNITS:
        refuse("--time-unit", text, f"one of {', '.join(UNITS)}")
    return text


def _zone(text: str | None) -> tzinfo | None:
    try:
        return None if text is None else ZoneInfo(text)
    except (ValueError, ZoneInfoNotFoundError):
        return refuse("--time-zone", text or "", "a zone of the IANA database, such as America/New_York")


def _quotes(names: Sequence[str] | None, side: str | None) -> tuple[str, ...]:
    if names and side is None:
        refuse("--quotes", names[0], "--side tick-rule, which uses them")
    return tuple(names or ())


def _format(text: str | None) -> str | None:
    if text is not None and text not in BY_NAME:
        refuse("--format", text, f"one of {', '.join(BY_NAME)}")
    return text


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        return refuse("--date", text or "", "a day, such as 2026-01-31")


def _price_shift(text: str | None) -> int | None:
    allowed = _powers()
    if text is not None and text not in allowed:
        refuse("--price-scale", text, f"a power of ten from 1 to {allowed[-1]}")
    return None if text is None else allowed.index(text)


def _powers() -> Sequence[str]:
    return [str(10**digits) for digits in range(MOST_SHIFT + 1)]

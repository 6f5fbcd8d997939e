"""The declaration of a vendor's format."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from stockstream.errors import UsageError
from stockstream.market.files.columns import NEEDED, bare
from stockstream.market.trade.conditions import Conditions
from stockstream.market.trade.schema import Side

Sides = Mapping[str, Side | None]


class Found(NamedTuple):
    """A format that fits a file, and what its path says of all its trades.

    Attributes:
        why: how the format was recognised.
    """

    format: "Format"
    why: str
    symbol: str | None = None
    day: date | None = None


@dataclass(frozen=True, kw_only=True)
class Format:
    """What the files of a vendor look like.

    Attributes:
        name: its name for `--format`.
        title: its name for people.
        source: where the vendor describes it.
        columns: the column of each field, if the file has it; `date` completes a time of day, `suffix` a
            symbol, and `venue` tells ids apart.
        header: all columns in order, of a file that may lack the line with their names.
        marks: the columns of a file that has their names; without them, none is recognised by its names.
        is_plain: whether these are names that many files have: then a file has no others, and its name fits.
        row: a pattern of a row's cells, joined by commas, where the names of the columns are missing or do
            not tell.
        path: a pattern of the file's name without its folder, with groups `symbol` and `day` (YYYYMMDD or
            YYYY-MM-DD) for what it says.
        unit: the unit of times, as for `--time-unit`; empty to tell by their size.
        pattern: the spelling of times, as for `strptime`; empty for ISO 8601.
        zone: the zone of times without an offset.
        price_scale: what prices are divided by; a power of ten.
        sides: the words of the side column, in lower case; None for the usual ones.
        only: columns whose rows are trades only with one of these values; others are left out.
        conditions: which condition codes do not update the last price.
        id_parts: within what ids are unique.
        day_zone: the zone of the days within which ids are unique.
        refusal: why the files cannot be replayed; empty if they can.
    """

    name: str
    title: str
    source: str
    columns: Mapping[str, str] = field(default_factory=dict)
    header: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    is_plain: bool = False
    row: str = ""
    path: str = ""
    unit: str = ""
    pattern: str = ""
    zone: str = "UTC"
    price_scale: int = 1
    sides: Sides | None = None
    only: Mapping[str, frozenset[str]] = field(default_factory=dict)
    conditions: Conditions | None = None
    id_parts: tuple[str, ...] = ()
    day_zone: str = "UTC"
    refusal: str = ""

    def fits(self, header: list[str], row: list[str], path: str) -> Found | None:
        """Return what is known of a file if it has this format."""
        names = header or self.header
        if len(row) != len(names) or not (self.marks if header else self.header):
            return None
        known, marks = {*map(bare, names)}, {*map(bare, self.marks)}
        named = self._named(path)
        is_other = self.is_plain and (marks != known or (self.path and not named))
        if not marks <= known or is_other:
            return None
        if self.row and not re.fullmatch(self.row, ",".join(cell.strip() for cell in row)):
            return None
        why = "the names of its columns" if header else "its first row"
        return self._found(named, f"{why} and its name" if named else why)

    def found(self, path: str, why: str) -> Found:
        """Return what a file's path says of all its trades."""
        return self._found(self._named(path), why)

    def _found(self, named: re.Match[str] | None, why: str) -> Found:
        parts = named.groupdict() if named else {}
        symbol, day = parts.get("symbol"), parts.get("day")
        return Found(self, why, symbol and symbol.upper(), date.fromisoformat(day) if day else None)

    def _named(self, path: str) -> re.Match[str] | None:
        return re.fullmatch(self.path, path.rpartition("/")[2], re.IGNORECASE) if self.path else None


def columns_of(chosen: Format, header: list[str]) -> dict[str, str]:
    """Return the columns of a format as they are spelt in a file, without those that it lacks.

    Raises:
        UsageError: the file lacks one without which nothing is a trade.
    """
    spelt = {bare(name): name for name in header}
    # Where two differ in case alone, as `t` and `T`, the spelling tells.
    spelt |= {name: name for name in header}
    found = {field: spelt.get(name) or spelt.get(bare(name)) for field, name in chosen.columns.items()}
    missing = [chosen.columns[field] for field in NEEDED if not found[field]]
    if missing:
        raise UsageError(
            what=f"--format {chosen.name}: no column {', '.join(missing)} among {', '.join(header)}"
        )
    return {field: name for field, name in found.items() if name}

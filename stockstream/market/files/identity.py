"""Which rows are the same trade, and each trade's id on the tape.

A trade of a file with ids keeps its own; if ids are reused each day or at each venue, these are put in front.
A trade of a file without ids gets an id from its content and its position among equal rows, so that it is the
same trade in any file, on any line and with any line endings.
"""

from array import array
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from itertools import combinations
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from stockstream.errors import BadTradeError
from stockstream.market.trade.schema import Trade

DAY, VENUE = "day", "venue"
ID_PARTS = (DAY, VENUE)
NO_ID = "-"
# A source has at most 64 characters.
MOST_NAME = 57

Ints = NDArray[np.int64]
Content = tuple[str, datetime, Decimal, Decimal, str | None]


class Reading(NamedTuple):
    """The content of a row.

    Attributes:
        has_id: whether the trade has its own id.
        venue: empty if none is given.
        form: the form in which the time was written.
        day: the day of its venue, as YYYYMMDD.
    """

    trade: Trade
    has_id: bool
    venue: str
    form: str
    day: str


def content_of(trade: Trade) -> Content:
    """Return what distinguishes a trade from others if it has no id."""
    return trade.symbol, trade.timestamp, trade.price, trade.volume, trade.trade_type


def id_of(reading: Reading, parts: Collection[str]) -> str:
    """Return a trade's id, made unique with the given parts.

    Args:
        reading: the row's content.
        parts: within what ids are unique, of ID_PARTS.
    """
    words = {DAY: reading.day, VENUE: reading.venue}
    return "/".join([*(words[part] for part in ID_PARTS if part in parts), reading.trade.trade_id])


def key_of(reading: Reading, parts: Collection[str]) -> str:
    """Return what is equal for rows that would be one trade on the tape."""
    trade = reading.trade
    own = (id_of(reading, parts), trade.source) if reading.has_id else (_content_words(trade),)
    # No name has a line end.
    return "\n".join((*own, trade.symbol))


def _content_words(trade: Trade) -> str:
    moment, side = trade.timestamp.isoformat(), trade.trade_type or ""
    return "|".join((moment, plain(trade.price), plain(trade.volume), side))


class Keys:
    """The keys of a file's rows, 8 bytes each, to find those that occur more than once."""

    def __init__(self) -> None:
        self._hashes = array("q")

    def add(self, keys: Iterable[str]) -> None:
        """Add the keys of rows."""
        self._hashes.extend(map(hash, keys))

    def repeated(self) -> Ints:
        """Return the hashes that occur more than once; by chance, one may belong to two different keys."""
        return _repeated(np.frombuffer(self._hashes, np.int64))

    @staticmethod
    def shared(files: Sequence["Keys"], most: int) -> Ints:
        """Return at most `most` hashes that several files have, evenly chosen."""
        if len(files) == 1:
            return np.zeros(0, np.int64)
        distinct = [np.unique(np.frombuffer(each._hashes, np.int64)) for each in files]  # noqa: SLF001
        found = _repeated(np.concatenate(distinct))
        return found[:: -(-found.size // most) or 1]


def _repeated(hashes: Ints) -> Ints:
    # Sorted in place: a copy would be the largest thing in memory.
    hashes.sort()
    return np.unique(hashes[1:][hashes[1:] == hashes[:-1]])


class Clashes:
    """Rows that share an id but are two trades, for each way of making ids unique."""

    def __init__(self, parts: Collection[str], repeated: Collection[int], *, has_venues: bool) -> None:
        """Start before the first row.

        Args:
            parts: within what ids are unique so far, of ID_PARTS.
            repeated: hashes of the keys that occur more than once.
            has_venues: whether the file has venues.
        """
        known = [part for part in ID_PARTS if part == DAY or has_venues]
        ways = [set(way) for size in range(len(known) + 1) for way in combinations(known, size)]
        self._parts, self._repeated = parts, repeated
        self._ways: dict[tuple[str, ...], dict[str, tuple[Content, int]]] = {
            way: {} for each in ways if each >= set(parts) for way in [tuple(sorted(each))]
        }
        self._first: dict[tuple[str, ...], tuple[Reading, int, int]] = {}

    def add(self, line: int, reading: Reading) -> None:
        """Add a row."""
        if not reading.has_id or hash(key_of(reading, self._parts)) not in self._repeated:
            return
        content = content_of(reading.trade)
        for way, known in self._ways.items():
            other, where = known.setdefault(key_of(reading, way), (content, line))
            if other != content:
                self._first.setdefault(way, (reading, where, line))

    def question(self) -> str | None:
        """Return what is wrong and how to correct it, or None if nothing is wrong."""
        found = self._first.get(tuple(sorted(self._parts)))
        if found is None:
            return None
        reading, one, other = found
        way = next((",".join(each) for each in self._ways if each not in self._first), None)
        remedy = f"--id-per {way}" if way else "--columns trade_id= (by their content instead)"
        trade = reading.trade
        return (
            f"trade_id {trade.trade_id} of {trade.symbol} is two trades', lines {one:,} and {other:,}: "
            f"the ids begin again; {remedy} tells them apart"
        )


class Naming:
    """Gives each trade of a file its id on the tape.

    All rows must pass through it in order, because a trade's position among equal rows is counted.
    """

    def __init__(self, parts: Collection[str] = (), repeated: Collection[int] = ()) -> None:
        """Start before the first row.

        Args:
            parts: within what ids are unique, of ID_PARTS.
            repeated: hashes of the keys that occur more than once; only these take memory.
        """
        self._parts = parts
        self._repeated = repeated
        self._first: dict[str, tuple[Content, int]] = {}
        self._equals: dict[str, int] = {}

    def name(self, reading: Reading, line: int) -> Trade:
        """Return the row's trade with its id on the tape.

        Raises:
            BadTradeError: an earlier row has the same id.
        """
        key = key_of(reading, self._parts)
        is_repeated = hash(key) in self._repeated
        if not reading.has_id:
            return replace(
                reading.trade, trade_id=self._content_id(reading.trade, key, is_repeated=is_repeated)
            )
        if is_repeated:
            self._refuse_second(reading, key, line)
        return replace(reading.trade, trade_id=id_of(reading, self._parts)) if self._parts else reading.trade

    def _refuse_second(self, reading: Reading, key: str, line: int) -> None:
        content, first = self._first.setdefault(key, (content_of(reading.trade), line))
        if first == line:
            return
        if content == content_of(reading.trade):
            raise BadTradeError(reason=f"it repeats the trade of line {first:,}")
        raise BadTradeError(
            reason=f"trade_id {reading.trade.trade_id!r} is that of line {first:,}, another trade"
        )

    def _content_id(self, trade: Trade, key: str, *, is_repeated: bool) -> str:
        name = blake2b(_content_words(trade).encode(), digest_size=16).hexdigest()
        return self.numbered(name, key) if is_repeated else name

    def numbered(self, name: str, key: str) -> str:
        """Return a name that tells a trade from the equal ones before it."""
        number = self._equals[key] = self._equals.get(key, 0) + 1
        return name if number == 1 else f"{name}-{number}"


def plain(amount: Decimal) -> str:
    """Return the digits of an amount, the same for equal amounts.

    >>> plain(Decimal("1E+1")), plain(Decimal("10.50"))
    ('10', '10.5')
    """
    return f"{amount.normalize():f}"


def source_of(stem: str, asked: str | None, *, has_ids: bool) -> str:
    """Return the source of a file's trades: the name of its tape.

    Ids are unique within a tape, and two files are two tapes. Content is the same everywhere.

    Args:
        stem: the file's name without its folder and extension.
        asked: the name that a person gave.
        has_ids: whether the file has ids.

    >>> source_of("AAPL", None, has_ids=True), source_of("AAPL", None, has_ids=False)
    ('replay:AAPL', 'replay')
    """
    if asked:
        return asked
    if not has_ids:
        return "replay"
    name = "".join(letter if letter.isprintable() else "_" for letter in stem)
    return f"replay:{name}" if len(name) <= MOST_NAME else f"replay:{name[:40]}-{_digest(stem)}"


def _digest(words: str) -> str:
    return blake2b(words.encode("utf-8", "surrogateescape"), digest_size=4).hexdigest()

"""The times in a column at once, where all are written alike; `times` reads them one by one.

>>> from datetime import UTC, datetime
>>> rule = TimeRule.plausible(until=datetime(2027, 1, 1, tzinfo=UTC))
>>> micros_of(pa.array(["2024-01-02 14:30:00Z", "2024-01-02T14:30:00.5+00:00"]), None, rule)
(array([1704205800000000, 1704205800500000]), 'text')
>>> micros_of(pa.array(["1704205800", "1704205801"]), None, rule)
(array([1704205800000000, 1704205801000000]), 'count')
"""

import re
from contextlib import suppress
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stockstream.errors import BadTradeError
from stockstream.market.files.times import (
    CLOCK,
    COUNT,
    EPOCH,
    MICRO,
    OF_DAY,
    SCALES,
    TEXT,
    TimeReader,
    TimeRule,
    clock_of,
    number_of,
)
from stockstream.market.trade.codec import EARLIEST, LATEST

Ints = NDArray[np.int64]

DAY = 86_400_000_000  # microseconds
_OFFSET = re.compile(r".*(Z|[+-]\d\d:?\d\d)", re.ASCII)
# HHMMSS with three, six or nine digits of a second.
_COMPACT = re.compile(r"\d{6}(\d{3}){0,3}", re.ASCII)
_NINE = Decimal(10**9)


class UnlikeError(Exception):
    """The cells of a column are not all written alike."""


def micros_of(cells: pa.Array, days: pa.Array | None, rule: TimeRule) -> tuple[Ints, str]:
    """Return microseconds since 1970 in UTC, one per row, and the form in which they are written.

    Args:
        cells: text without whitespace around it, or timestamps of Arrow; at least one, none is null.
        days: the dates beside them, if the file has a separate column for these.
        rule: which numbers are accepted as times.

    Raises:
        UnlikeError, pa.ArrowException: they have to be read one by one.
    """
    micros, form = _read(cells, days, rule)
    low, high = ((edge - EPOCH) // MICRO for edge in (EARLIEST, LATEST))
    if micros.min() < low or micros.max() >= high:
        raise UnlikeError
    return micros, form


def _read(cells: pa.Array, days: pa.Array | None, rule: TimeRule) -> tuple[Ints, str]:
    if pa.types.is_timestamp(cells.type):
        return _of_timestamps(cells, rule.zone), TEXT
    first = cells[0].as_py()
    if rule.forms[0] in OF_DAY:
        return _of_day(cells, rule), CLOCK
    if (days is not None or rule.day) and clock_of(first) is not None:
        dates = _dates(days, rule) if days is not None else pa.scalar(_date(rule.day))
        moments = pc.binary_join_element_wise(dates, _clocks(cells), "T")
        return _of_text(moments, rule.zone), CLOCK
    if number_of(first) is None:
        return _of_text(cells, rule.zone), TEXT
    return _of_numbers(cells, rule)


def _date(day: date | None) -> str:
    return day.isoformat() if day else ""


def _of_timestamps(cells: pa.Array, zone: tzinfo) -> Ints:
    if cells.null_count:
        raise UnlikeError
    if cells.type.tz is None and zone is not UTC:
        cells = pc.assume_timezone(cells, str(zone), ambiguous="earliest")
    counts: Ints = cells.cast(pa.int64()).to_numpy(zero_copy_only=False)
    scale = {"s": 1_000_000, "ms": 1000, "us": 1}.get(cells.type.unit)
    micros: Ints = counts * scale if scale else counts // 1000
    return micros


def _of_text(texts: pa.Array, zone: tzinfo) -> Ints:
    # As Bitmex writes it: 2024-01-02D09:30:00.
    texts = pc.replace_substring(texts, "D", "T") if "D" in texts[0].as_py() else texts
    name = "UTC" if _OFFSET.fullmatch(texts[0].as_py()) else None
    try:
        moments = texts.cast(pa.timestamp("us", name))
    except pa.ArrowInvalid:
        # More digits than microseconds.
        moments = texts.cast(pa.timestamp("ns", name))
    return _of_timestamps(moments, zone)


def _of_day(cells: pa.Array, rule: TimeRule) -> Ints:
    """Return times that are counted from midnight of the file's day."""
    if rule.day is None:
        raise UnlikeError
    micros = _scaled(cells, OF_DAY[rule.forms[0]])
    if micros.min() < 0 or micros.max() >= DAY:
        raise UnlikeError
    midnight = (datetime(*rule.day.timetuple()[:3], tzinfo=UTC) - EPOCH) // MICRO
    return _of_timestamps(pa.array(midnight + micros).cast(pa.timestamp("us")), rule.zone)


def _dates(days: pa.Array, rule: TimeRule) -> pa.Array:
    found = days.dictionary_encode()
    reader = TimeReader(rule)
    try:
        dates = [reader.date(day).isoformat() for day in found.dictionary.to_pylist()]
    except BadTradeError:
        raise UnlikeError from None
    return pa.array(dates, pa.string()).take(found.indices)


def _clocks(cells: pa.Array) -> pa.Array:
    """Return times of day as HH:MM:SS with the digits of a second that they have."""
    first = cells[0].as_py()
    if _COMPACT.fullmatch(first):
        if not pc.all(pc.match_substring_regex(cells, rf"^\d{{{len(first)}}}$")).as_py():
            raise UnlikeError
        parts = [pc.utf8_slice_codeunits(cells, at, at + 2) for at in (0, 2, 4)]
        clocks = pc.binary_join_element_wise(*parts, ":")
        fraction = pc.utf8_slice_codeunits(cells, 6)
        return clocks if len(first) == len("HHMMSS") else pc.binary_join_element_wise(clocks, fraction, ".")
    short = pc.equal(pc.utf8_slice_codeunits(cells, 1, 2), ":")
    return pc.if_else(short, pc.binary_join_element_wise("0", cells, ""), cells)


def _of_numbers(cells: pa.Array, rule: TimeRule) -> tuple[Ints, str]:
    form = rule.forms[0]
    low, high = ((edge - EPOCH) // MICRO for edge in (rule.low, rule.high))
    for unit in SCALES if form == COUNT else SCALES.keys() & {form}:
        with suppress(UnlikeError):
            micros = _scaled(cells, SCALES[unit])
            if low <= micros.min() and micros.max() < high:
                return micros, form
    raise UnlikeError


def _scaled(cells: pa.Array, scale: int) -> Ints:
    """Return numbers times a power of ten, the rest cut off.

    Raises:
        UnlikeError: they are too large, or have decimals that only their units could have.
    """
    try:
        counts = cells.cast(pa.int64())
    except pa.ArrowInvalid:
        # Their billionths have room for seconds, not for smaller units.
        if scale != SCALES["s"]:
            raise UnlikeError from None
        counts, scale = pc.multiply(cells.cast(pa.decimal128(20, 9)), pa.scalar(_NINE)).cast(pa.int64()), -3
    numbers: Ints = counts.to_numpy()
    if scale > 0 and np.abs(numbers).max() >= 10 ** (18 - scale):
        raise UnlikeError
    scaled: Ints = numbers * 10**scale if scale > 0 else numbers // 10**-scale
    return scaled

"""Columns of a file as trades, many at once, where nothing in them is unusual; `rows` reads the others.

Times, amounts and ids are read by column. Everything else has few values: of each combination one row is read
by `RowReader`, so that only that knows what the cells mean.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stockstream.errors import BadTradeError
from stockstream.market.files.column_times import UnlikeError, micros_of
from stockstream.market.files.identity import Reading, plain
from stockstream.market.files.rows import RowReader
from stockstream.market.files.times import EPOCH, MICRO
from stockstream.market.files.trade_columns import TradeColumns
from stockstream.market.trade.codec import encode

Ints = NDArray[np.int64]

KINDS = (
    *(
        "trade_type",
        "conditions",
        "updates_last",
        "side_inferred",
        "corrects",
        "cancels",
        "source",
        "anomaly",
    ),
    "venue",
)
NAMES = ("symbol", "suffix")
# Shorter than the 18 digits of an amount with a point; a longer one is looked at by itself.
LONGEST_AMOUNT, LONGEST_ID = 19, 64
_AMOUNT = r"^-?(0|[1-9]\d{0,17})(\.\d{1,12}0*)?$"
_QUOTE, _BACKSLASH, _DELETE, _SPACE, _NOT_ASCII = 0x22, 0x5C, 0x7F, 0x20, 0x80
# Arrow multiplies decimals of up to 38 digits.
MOST_SHIFT = 10
_EXACT = pa.decimal128(26, 12)


Value = TypeVar("Value")


class _Kind(NamedTuple):
    """What rows of one combination of words have in common."""

    tail: str
    side: str
    source: str
    venue: str


class ColumnReader:
    """Makes trades from columns, as `RowReader` does from rows."""

    def __init__(self, rows: RowReader) -> None:
        """Start with a reader of rows, which decides what cells mean."""
        self._reader = rows
        self._kinds: dict[tuple[str, ...], _Kind] = {}
        self._symbols: dict[tuple[str, ...], str] = {}

    def read(
        self, columns: Mapping[int, pa.Array], row: Callable[[int], Sequence[object]]
    ) -> TradeColumns | None:
        """Return the trades in columns, or None if the rows have to be read one by one.

        Args:
            columns: by the index of each column that is used, its cells: text, or timestamps of Arrow.
            row: returns the cells of one row, by its index in the columns.
        """
        try:
            return self._read(columns, row)
        except (UnlikeError, BadTradeError, pa.ArrowException):
            return None

    def _read(self, columns: Mapping[int, pa.Array], row: Callable[[int], Sequence[object]]) -> TradeColumns:
        rows = np.flatnonzero(self._are_trades(columns))
        if not rows.size:
            raise UnlikeError
        kept = pa.array(rows)
        cell = {
            field: _stripped(
                columns[number].take(kept) if len(kept) < len(columns[number]) else columns[number]
            )
            for field, number in self._reader.columns.items()
        }
        at, form = micros_of(cell["timestamp"], cell.get("date"), self._reader.times.rule)
        meaning = self._reader.meaning
        prices, values = _amounts(cell["price"], meaning.price_shift, decimal_comma=meaning.decimal_comma)
        volumes, sizes = _amounts(cell["volume"], 0, decimal_comma=meaning.decimal_comma)
        if sizes.min() <= 0:
            raise UnlikeError

        def sample(index: int) -> Reading:
            found = self._reader.read(row(int(rows[index])))
            trade = found.trade
            # What was read at once is what is read of a row alone.
            if (trade.timestamp - EPOCH) // MICRO != at[index] or plain(trade.price) != prices[index].as_py():
                raise UnlikeError
            return found

        kinds, kind = _distinct(cell, KINDS, self._kinds, lambda index: _kind(sample(index)), len(at))
        names, name = _distinct(cell, NAMES, self._symbols, lambda index: sample(index).trade.symbol, len(at))
        spread = [pa.array(words, pa.string()).take(kind) for words in zip(*kinds, strict=True)]
        tails, sides, sources, venues = spread
        return TradeColumns(
            *(rows, at, form, pa.array(names, pa.string()).take(name), prices, volumes, values),
            *(sides, sources, tails),
            own_ids=_checked_ids(cell["trade_id"]) if "trade_id" in cell else None,
            venues=_unescaped(venues) if "venue" in cell else None,
            day_zone=meaning.day_zone,
        )

    def _are_trades(self, columns: Mapping[int, pa.Array]) -> NDArray[np.bool_]:
        """Return which rows are meant as trades."""
        are = np.ones(len(next(iter(columns.values()))), np.bool_)
        for number, values in self._reader.meaning.only.items():
            are &= pc.is_in(_stripped(columns[number]), pa.array(values)).to_numpy(zero_copy_only=False)
        return are


def _kind(found: Reading) -> _Kind:
    trade = found.trade
    # A text cannot contain this: its quotes are escaped.
    _, side, tail = encode(trade).decode().partition(',"trade_type":')
    return _Kind(side + tail, trade.trade_type or "", trade.source, found.venue)


def _distinct(
    cell: Mapping[str, pa.Array],
    fields: Sequence[str],
    known: dict[tuple[str, ...], Value],
    make: Callable[[int], Value],
    count: int,
) -> tuple[list[Value], pa.Array]:
    """Return the values of the distinct combinations of some fields, and which of them each row has."""
    columns = [cell[field] for field in fields if field in cell]
    codes = np.zeros(count, np.int64)
    for column in columns:
        words = column.dictionary_encode()
        codes = codes * len(words.dictionary) + words.indices.to_numpy()
    distinct = pa.array(codes).dictionary_encode()
    inverse = distinct.indices.to_numpy()
    first = np.empty(len(distinct.dictionary), np.int64)
    first[inverse[::-1]] = np.arange(count)[::-1]
    values = []
    for index in first.tolist():
        words = tuple(column[index].as_py() for column in columns)
        if words not in known:
            known[words] = make(index)
        values.append(known[words])
    return values, distinct.indices


def _stripped(column: pa.Array) -> pa.Array:
    """Return text without whitespace around it; timestamps as they are."""
    if not pa.types.is_string(column.type):
        return column
    letters = _letters(column)
    has_spaces = letters.size and (letters.min() <= _SPACE or letters.max() >= _NOT_ASCII)
    return pc.utf8_trim_whitespace(column) if has_spaces else column


def _letters(column: pa.StringArray) -> NDArray[np.uint8]:
    _, offsets, letters = column.buffers()
    ends = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1]
    return np.frombuffer(letters, np.uint8)[ends[0] : ends[-1]] if letters else np.zeros(0, np.uint8)


def _amounts(
    texts: pa.Array, shift: int, *, decimal_comma: bool
) -> tuple[pa.StringArray, NDArray[np.float64]]:
    """Return amounts as the shortest text, and as floats.

    Raises:
        UnlikeError: one is written in another way, or is not an amount.
    """
    if not pa.types.is_string(texts.type) or shift > MOST_SHIFT:
        raise UnlikeError
    if decimal_comma:
        texts = pc.replace_substring(texts, ",", ".")
    if shift:
        unit = pa.scalar(Decimal(1).scaleb(-shift), pa.decimal128(shift + 1, shift))
        texts = pc.multiply(texts.cast(_EXACT), unit)
        texts = texts.cast(pa.decimal128(38, 12)).cast(pa.string())
    if not pc.all(pc.match_substring_regex(texts, _AMOUNT)).as_py():
        raise UnlikeError
    if ord(".") in _letters(texts):
        short = pc.ascii_rtrim(pc.ascii_rtrim(texts, "0"), ".")
        texts = pc.if_else(pc.match_substring(texts, "."), short, texts)
    values = texts.cast(pa.float64()).to_numpy()
    has_minus_zero = values.min() <= 0 and np.any(np.signbit(values) & (values == 0))
    if has_minus_zero or pc.max(pc.binary_length(texts)).as_py() > LONGEST_AMOUNT:
        raise UnlikeError
    return texts, values


def _checked_ids(ids: pa.Array) -> pa.StringArray:
    """Return ids that stand in a message as they are.

    Raises:
        UnlikeError: one is empty, is long, or has letters that a message escapes.
    """
    if not pa.types.is_string(ids.type):
        raise UnlikeError
    lengths = pc.binary_length(ids)
    if pc.min(lengths).as_py() == 0 or pc.max(lengths).as_py() > LONGEST_ID:
        raise UnlikeError
    return _unescaped(ids)


def _unescaped(texts: pa.StringArray) -> pa.StringArray:
    letters = _letters(texts)
    escaped = (letters < _SPACE) | (letters == _QUOTE) | (letters == _BACKSLASH) | (letters == _DELETE)
    if escaped.any():
        raise UnlikeError
    return texts

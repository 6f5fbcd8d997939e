"""Rows of a Parquet file as plain values, whatever Arrow type a column has.

Numbers are exact: a float is the shortest text that denotes it in its own precision. Times keep microseconds,
the precision of a message. A value that Python has no object for, such as a year beyond 9999, becomes its
number as text, and so a bad row with a reason, while the others are read.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import types

from stockstream.connectors.files.block import Block, Row
from stockstream.connectors.files.dialect import Dialect

ROWS = 50_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# How many of a unit are a microsecond; if negative, how many microseconds a unit is.
A_MICRO = {"ns": 1000, "us": 1, "ms": -1000, "s": -1_000_000}
MIDNIGHT = datetime(1970, 1, 1)  # noqa: DTZ001 - a time of day has no zone

# Types that Arrow writes as text. A half float has none.
TEXTS = (
    *(types.is_string, types.is_large_string, types.is_string_view, types.is_boolean, types.is_null),
    *(types.is_integer, types.is_decimal, types.is_float32, types.is_float64),
)

Values = list[Any]


def read_dialect(path: Path) -> Dialect:
    """Return the names of the columns, and the first row as text, empty where a trade has no such cell.

    Raises:
        OSError, ValueError, pa.ArrowException: the file cannot be read.
    """
    with pq.ParquetFile(path) as file:
        names, batch = file.schema_arrow.names, next(file.iter_batches(1), None)
    first = [_first(*each) for each in zip(names, batch.columns, strict=True)] if batch else []
    return Dialect(",", 0, names, first)


def _first(name: str, column: pa.Array) -> str:
    with suppress(ValueError):
        (value,) = plain(name, column)
        return "" if value is None else str(value)
    return ""


def blocks_of(path: Path, wanted: Sequence[int]) -> Iterator[Block]:
    """Yield the rows in blocks.

    Args:
        path: the file to read.
        wanted: the indices of the columns that are used; other cells are None.

    Raises:
        OSError, ValueError, pa.ArrowException: the rest of the file cannot be read.
    """
    line = 0
    with pq.ParquetFile(path) as file:
        for batch in _batches(file):
            for number in wanted:
                _maker(batch.schema.names[number], batch.schema.types[number])
            yield Block(
                np.arange(line + 1, line + 1 + batch.num_rows),
                _texts(batch, wanted),
                partial(_rows, batch, wanted, line),
                partial(_row, batch, wanted, line),
            )
            line += batch.num_rows


def _rows(batch: pa.RecordBatch, wanted: Sequence[int], line: int) -> Iterator[Row]:
    nothing = [None] * batch.num_rows
    columns = [
        plain(batch.schema.names[number], column) if number in wanted else nothing
        for number, column in enumerate(batch.columns)
    ]
    yield from (Row(line + n, cells) for n, cells in enumerate(zip(*columns, strict=True), 1))


def _row(batch: pa.RecordBatch, wanted: Sequence[int], line: int, at: int) -> Row:
    return next(_rows(batch.slice(at, 1), wanted, line + at))


def _texts(batch: pa.RecordBatch, wanted: Sequence[int]) -> Mapping[int, pa.Array] | None:
    """Return the columns that are used as text, times as they are; None if a column is of another type."""
    try:
        return {number: _text_or_time(batch.column(number)) for number in wanted}
    except (pa.ArrowException, ValueError):
        return None


def _text_or_time(column: pa.Array) -> pa.Array:
    kind = column.type
    if types.is_timestamp(kind):
        return column
    if types.is_dictionary(kind):
        return _text_or_time(column.dictionary_decode())
    if any(bool(fits(kind)) for fits in TEXTS):
        # Text may have bytes that are not UTF-8: those rows are read one by one.
        column.validate(full=True)
        return column.cast(pa.string()).fill_null("")
    raise ValueError(str(kind))


def _batches(file: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    """Yield the rows, up to the last one that can be read."""
    for group in range(file.num_row_groups):
        given = 0
        for size in (ROWS, 1):
            reached = 0
            try:
                for batch in file.iter_batches(size, row_groups=[group]):
                    reached += batch.num_rows
                    if reached > given:
                        given = reached
                        yield batch
                break
            except (OSError, pa.ArrowException):
                if size == 1:
                    raise


def plain(name: str, column: pa.Array) -> Values:
    """Return a column's values as Python objects.

    Raises:
        ValueError: no cell of this type can be part of a trade.
    """
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        return plain(name, column.storage)
    if types.is_dictionary(kind):
        return plain(name, column.dictionary_decode())
    if types.is_run_end_encoded(kind):
        return plain(name, pc.run_end_decode(column))
    return _maker(name, kind)(column)


def _maker(name: str, kind: pa.DataType) -> Callable[[pa.Array], Values]:
    """Return what makes values of a column; raise ValueError if its cells cannot be part of a trade."""
    if isinstance(kind, pa.BaseExtensionType) or types.is_dictionary(kind) or types.is_run_end_encoded(kind):
        return partial(plain, name)
    maker = next((make for fits, make in MAKERS if fits(kind)), None)
    if maker is None:
        message = f"column {name} is of type {kind}, which no field of a trade can have"
        raise ValueError(message)
    return maker


def _lists(column: pa.Array) -> Values:
    # Such as the condition codes of a trade.
    return [None if cells is None else ",".join(map(str, cells)) for cells in column.to_pylist()]


def _objects(column: pa.Array) -> Values:
    return column.to_pylist()  # type: ignore[no-any-return]


def _text(column: pa.Array) -> Values:
    # Invalid UTF-8 affects its own cell, not the file. Text of fixed size is padded with NULs.
    filling = b"\0" if types.is_fixed_size_binary(column.type) else b""
    return [
        None if value is None else _unfilled(value, filling).decode("utf-8", "surrogateescape")
        for value in column.cast(pa.large_binary()).to_pylist()
    ]


def _unfilled(text: bytes, filling: bytes) -> bytes:
    return text.rstrip(filling) if filling else text


def _floats(column: pa.Array) -> Values:
    there = column.is_valid().to_pylist()
    numbers = column.to_numpy(zero_copy_only=False)
    # As Arrow writes them: an id of a column that has become a float is still its number.
    return [
        str(number).removesuffix(".0") if is_there else None
        for number, is_there in zip(numbers, there, strict=True)
    ]


def _moments(column: pa.Array) -> Values:
    zone = UTC if column.type.tz else None
    return [_moment(count, column.type.unit, zone) for count in column.cast(pa.int64()).to_pylist()]


def _moment(count: int | None, unit: str, zone: Any) -> Any:  # noqa: ANN401 - a cell may be anything
    if count is None:
        return None
    try:
        return (EPOCH + timedelta(microseconds=_micros(count, unit))).replace(tzinfo=zone)
    except OverflowError:
        return f"{count} {unit} since 1970"


def _micros(count: int, unit: str) -> int:
    per = A_MICRO[unit]
    return count // per if per > 0 else count * -per


def _dates(column: pa.Array) -> Values:
    days = column.cast(pa.date32()).cast(pa.int32()).to_pylist()
    return [_moment(None if day is None else day * 86_400, "s", None) for day in days]


def _clocks(column: pa.Array) -> Values:
    width = pa.int32() if types.is_time32(column.type) else pa.int64()
    return [_clock(count, column.type.unit) for count in column.cast(width).to_pylist()]


def _clock(count: int | None, unit: str) -> time | str | None:
    if count is None:
        return None
    micros = _micros(count, unit)
    if not 0 <= micros < 86_400_000_000:  # noqa: PLR2004 - a day
        return f"{count} {unit} since midnight"
    return (MIDNIGHT + timedelta(microseconds=micros)).time()


def _is_text(kind: pa.DataType) -> bool:
    return any(
        fits(kind)
        for fits in (
            *(types.is_string, types.is_large_string, types.is_string_view),
            *(types.is_binary, types.is_large_binary, types.is_binary_view, types.is_fixed_size_binary),
        )
    )


def _is_object(kind: pa.DataType) -> bool:
    return any(fits(kind) for fits in (types.is_integer, types.is_decimal, types.is_boolean, types.is_null))


MAKERS: Sequence[tuple[Callable[[pa.DataType], bool], Callable[[pa.Array], Values]]] = (
    (_is_text, _text),
    (_is_object, _objects),
    (types.is_floating, _floats),
    (types.is_timestamp, _moments),
    (types.is_date, _dates),
    (types.is_time, _clocks),
    (types.is_list, _lists),
    (types.is_large_list, _lists),
)

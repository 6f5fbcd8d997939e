"""Every type of Arrow's that numbers, times and texts have is read exactly, or refused in a line."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockstream.connectors.files.parquet_rows import plain
from stockstream.connectors.files.trade_file import TradeFile
from stockstream.errors import BadTradeError, TradeFileError
from stockstream.market.files.times import TimeReader, TimeRule, number_of

UNITS = ("s", "ms", "us", "ns")
MOMENT = datetime(2024, 1, 2, 14, 30, 0, 123456, UTC)
TIMES = TimeReader(TimeRule.plausible(datetime(2027, 1, 1, tzinfo=UTC)))

FLOATS = [pa.float16(), pa.float32(), pa.float64()]
INTEGERS = [pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()]
DECIMALS = [pa.decimal32(9, 2), pa.decimal64(18, 2), pa.decimal128(38, 2), pa.decimal256(76, 2)]
TEXTS = [pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary(), pa.binary_view()]
NOT_OURS = [
    *(pa.duration(unit) for unit in UNITS),
    pa.month_day_nano_interval(),
    pa.list_(pa.float64(), 2),
    pa.struct([("a", pa.int64())]),
    pa.map_(pa.string(), pa.int64()),
]


@pytest.mark.parametrize("kind", FLOATS, ids=str)
def test_a_float_is_the_number_that_was_meant(kind: pa.DataType) -> None:
    words = ["187.1", "0.1", "5.5"]
    cells = plain("price", pa.array([*map(kind.to_pandas_dtype(), words), None], kind))
    assert [number_of(cell) for cell in cells] == [*map(Decimal, words), None]


@given(st.floats(width=32, min_value=2.0**-14, max_value=1e6))
def test_a_float_of_32_bits_comes_back_as_itself(number: float) -> None:
    (cell,) = plain("price", pa.array([number], pa.float32()))
    assert np.float32(cell) == np.float32(number)


@pytest.mark.parametrize("kind", [*INTEGERS, *DECIMALS], ids=str)
def test_whole_numbers_and_decimals_are_exact(kind: pa.DataType) -> None:
    assert [number_of(cell) for cell in plain("n", pa.array([100, None], kind))] == [Decimal(100), None]


@pytest.mark.parametrize("kind", TEXTS, ids=str)
def test_text_is_text_and_bytes_are_too(kind: pa.DataType) -> None:
    assert plain("symbol", pa.array(["AAPL", None], pa.string()).cast(kind)) == ["AAPL", None]


def test_text_of_fixed_size_is_without_its_filling() -> None:
    assert plain("symbol", pa.array([b"AAPL\0\0", b"GOOGLE"], pa.binary(6))) == ["AAPL", "GOOGLE"]


@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York", "+05:30", "Nowhere/At_All"])
@pytest.mark.parametrize("unit", UNITS)
def test_a_timestamp_is_its_moment_in_every_unit_and_zone(unit: str, zone: str | None) -> None:
    column = pa.array([MOMENT, None], pa.timestamp("us", "UTC")).cast(pa.timestamp(unit, "UTC"), safe=False)
    (cell, missing) = plain("time", pa.array(column.cast(pa.int64())).cast(pa.timestamp(unit, zone)))
    digits = {"s": 0, "ms": 123_000}.get(unit, 123_456)
    assert TIMES.read(cell) == MOMENT.replace(microsecond=digits)
    assert missing is None


@pytest.mark.parametrize("unit", UNITS)
def test_a_time_of_day_is_exact_to_the_microsecond(unit: str) -> None:
    kind = pa.time32(unit) if unit in ("s", "ms") else pa.time64(unit)
    count = {"s": 34_200, "ms": 34_200_123, "us": 34_200_123_456, "ns": 34_200_123_456_789}[unit]
    digits = {"s": 0, "ms": 123_000}.get(unit, 123_456)
    assert plain("time", pa.array([count, None], kind)) == [time(9, 30, 0, digits), None]


@pytest.mark.parametrize("kind", [pa.date32(), pa.date64()], ids=str)
def test_a_date_is_its_day(kind: pa.DataType) -> None:
    (cell, missing) = plain("date", pa.array([date(2024, 1, 2), None], kind))
    assert TIMES.read(cell) == datetime(2024, 1, 2, tzinfo=UTC)
    assert missing is None


@pytest.mark.parametrize("unit", UNITS)
@given(count=st.integers(-(2**63), 2**63 - 1))
def test_any_count_is_a_time_or_a_row_that_says_why(unit: str, count: int) -> None:
    for zone in (None, "UTC"):
        (cell,) = plain("time", pa.array([count], pa.timestamp(unit, zone)))
        try:
            TIMES.read(cell)
        except BadTradeError as refused:
            assert str(count) in str(refused)  # noqa: PT017 - what is not refused is a time


def test_wrapped_columns_are_their_values() -> None:
    texts = pa.array(["a", "a", "b"])
    assert plain("x", texts.dictionary_encode()) == ["a", "a", "b"]
    assert plain("x", pc.run_end_encode(texts)) == ["a", "a", "b"]
    assert plain("x", pa.array([None, None])) == [None, None]
    assert plain("x", pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"0" * 16], pa.binary(16)))) == [
        "0" * 16
    ]
    assert plain("x", pa.array([True, False, None])) == [True, False, None]


@pytest.mark.parametrize("kind", NOT_OURS, ids=str)
def test_a_type_that_no_field_can_have_is_one_line_and_harms_only_where_it_is_looked_at(
    tmp_path: Path, kind: pa.DataType
) -> None:
    columns: dict[str, Any] = {"price": pa.array([1.5]), "odd": pa.array([None], kind)}
    try:
        pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    except pa.ArrowNotImplementedError:
        pass  # Parquet has no such type; another file of Arrow's might
    else:
        file = TradeFile(tmp_path / "t.parquet")
        assert [row.cells for row in file.rows([0])] == [("1.5", None)]
        with pytest.raises(TradeFileError, match="column odd is of type"):
            list(file.rows([0, 1]))
    with pytest.raises(ValueError, match="which no field of a trade can have"):
        plain("odd", columns["odd"])


def test_rows_before_a_broken_place_are_read(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"n": list(range(100_000))}), path, row_group_size=20_000, compression="none")
    whole = pq.ParquetFile(path).metadata
    start = whole.row_group(3).column(0).data_page_offset
    content = bytearray(path.read_bytes())
    content[start : start + 40] = b"\xff" * 40
    path.write_bytes(content)
    rows = TradeFile(path).rows([0])
    assert sum(1 for _ in islice(rows, 60_000)) == 60_000
    with pytest.raises(TradeFileError):
        next(rows)

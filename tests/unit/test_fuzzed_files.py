"""Files made from a known tape by cutting, quoting, doubling, reordering and retyping lose no row.

It is on the tape, or it is reported as bad; or the file is refused as a whole and nothing is sent.
FUZZED_FILES=10000 tries as many files of each kind.
"""

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stockstream.connectors.files.trade_file import BLOCK, TradeFile
from stockstream.errors import TradeFileError, UsageError
from stockstream.jobs.replay.options import Manner, ReplayOptions
from stockstream.jobs.replay.rows import Look
from stockstream.market.files.columns import match
from tests.replayed_rows import TradeRow, one_by_one, rows_after

FILES = int(os.environ.get("FUZZED_FILES", "300"))
OPTIONS = ReplayOptions(Manner(None), {}, None, None, (), None, None, None, force=True)
HEADERS = ("trade_id,time,symbol,price,size,side,note", "time,symbol,price,size,side,note")
BEGIN = datetime(2024, 3, 7, 10, tzinfo=UTC)
RUBBISH = st.sampled_from(
    [
        "",
        '"',
        '""',
        "NaN",
        "-1",
        "0",
        "1e999",
        "12 inch",
        "\x00",
        "\udcff",
        "null",
        "2024",
        "0,5",
        "[1]",
        "Ä" * 70,
    ]
)

fuzzed = settings(
    max_examples=FILES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def row(number: int) -> list[str]:
    moment = (BEGIN + timedelta(seconds=number // 2)).isoformat()
    return [str(number), moment, "AB"[number % 2], f"{100 + number % 3}.5", str(number % 2 + 1), "BUY", ""]


@st.composite
def csv_files(draw: st.DrawFn) -> tuple[bytes, set[int]]:
    """The bytes of a file, and how many rows it has: of a quote before the cut, the last may be a part."""
    header = draw(st.sampled_from(HEADERS))
    width = len(header.split(","))
    rows = [row(number)[-width:] for number in range(draw(st.integers(0, 40)))]
    # A row cut at a quote and the next one cut at another are a cell of two lines: nobody could tell.
    breaking = draw(st.sampled_from([["quote", "retype", "lengthen"], ["shorten"]]))
    for _ in range(draw(st.integers(0, 5)) if rows else 0):
        at = draw(st.integers(0, len(rows) - 1))
        change = draw(st.sampled_from(["double", "swap", *breaking]))
        if change == "double":
            rows.insert(draw(st.integers(0, len(rows))), list(rows[at]))
        elif change == "swap":
            rows[at], rows[-1] = rows[-1], rows[at]
        else:
            rows[at] = changed(draw, change, rows[at])
    lines = [",".join(cells) for cells in rows]
    end = draw(st.sampled_from(["\n", "\r\n"]))
    content = end.join([header, *lines, ""]).encode("utf-8", "surrogateescape")
    is_cut = draw(st.booleans())
    if lines and is_cut:
        last = len((lines[-1] + end).encode("utf-8", "surrogateescape"))
        cut = draw(st.integers(1, last))
        content = content[:-cut]
        lines[-1] = "" if cut == last else lines[-1]
    count = sum(1 for line in lines if line)
    return content, {count, count - 1} if is_cut and '"' in "".join(lines) else {count}


def changed(draw: st.DrawFn, change: str, cells: Sequence[str]) -> list[str]:
    made = list(cells)
    at = draw(st.integers(0, len(made) - 1))
    if change == "retype":
        made[at] = draw(RUBBISH)
    elif change == "quote":
        where = draw(st.integers(0, len(made[at])))
        made[at] = made[at][:where] + '"' + made[at][where:]
    elif change == "shorten":
        made = made[:at] or [made[0] or "x"]
    else:
        made.insert(at, draw(RUBBISH))
    return made


TYPES = {
    "time": [pa.string(), pa.timestamp("us", "UTC"), pa.timestamp("ns"), pa.timestamp("ms", "Asia/Tokyo")],
    "price": [pa.string(), pa.float64(), pa.float32(), pa.decimal128(20, 4)],
    "size": [pa.string(), pa.int8(), pa.uint64(), pa.float16()],
    "symbol": [pa.string(), pa.large_string(), pa.binary(), pa.dictionary(pa.int8(), pa.string())],
}


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    header = draw(st.sampled_from(HEADERS)).split(",")
    rows = [row(number)[-len(header) :] for number in range(draw(st.integers(0, 30)))]
    if rows:
        rows = draw(st.lists(st.sampled_from(rows), min_size=1, max_size=40))
    columns = {}
    for number, name in enumerate(header):
        values = [cells[number] for cells in rows]
        gone = draw(st.sets(st.integers(0, max(len(rows) - 1, 0)), max_size=2))
        column = pa.array([None if at in gone else value for at, value in enumerate(values)], pa.string())
        columns[name] = typed(column, draw(st.sampled_from(TYPES.get(name, [pa.string()]))))
    return pa.table(columns)


def typed(column: pa.Array, kind: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(kind):
        return column.dictionary_encode()
    if pa.types.is_timestamp(kind):
        texts = [None if text is None else datetime.fromisoformat(text) for text in column.to_pylist()]
        return pa.array(texts, pa.timestamp("us", "UTC")).cast(pa.timestamp(kind.unit, "UTC")).cast(kind)
    return column.cast(pa.float64()).cast(kind) if pa.types.is_floating(kind) else column.cast(kind)


def read(path: Path, size: int = BLOCK) -> list[TradeRow] | None:
    """The rows of a file as they would be sent; None where it is refused as a whole."""
    try:
        file = TradeFile(path)
        return rows_after(Look(file, match(file.header, {}), OPTIONS, Event()).through(), size=size)
    except (UsageError, TradeFileError) as exc:
        assert "\n" not in str(exc)  # noqa: PT017 - what is not refused is looked at below
        return None


def hold(rows: Sequence[TradeRow], expected: set[int]) -> None:
    """Hold rows to what the file has: each is on the tape, or bad."""
    stored = {(each.trade.source, each.trade.symbol, each.trade.trade_id) for each in rows if each.trade}
    bad = [each for each in rows if not each.trade]
    assert len(stored) + len(bad) in expected
    assert all(each.fault and "\\A" not in each.fault for each in bad)


@fuzzed
@given(csv_files(), st.integers(1, 2000))
def test_each_row_of_a_csv_file_is_a_trade_or_reported(made: tuple[bytes, set[int]], size: int) -> None:
    content, expected = made
    with TemporaryDirectory() as folder:
        path = Path(folder) / "trades.csv"
        path.write_bytes(content)
        rows = read(path)
        in_blocks = read(path, size)
        with one_by_one():
            alone = read(path, size)
    assert rows == in_blocks == alone
    if rows is not None:
        hold(rows, expected)


@fuzzed
@given(table=tables(), is_cut=st.booleans(), data=st.data())
def test_each_row_of_a_parquet_file_is_a_trade_or_reported(
    table: pa.Table, *, is_cut: bool, data: st.DataObject
) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "trades.parquet"
        pq.write_table(table, path, row_group_size=7)
        if is_cut:
            content = path.read_bytes()
            path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
        rows = read(path)
        with one_by_one():
            assert read(path) == rows
    assert rows is None or not is_cut
    if rows is not None:
        hold(rows, {table.num_rows})

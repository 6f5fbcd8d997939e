"""Each vendor's file is recognised and read exactly: price, time, side, conditions and identity."""

import io
import re
from argparse import Namespace
from pathlib import Path
from threading import Event
from unittest.mock import patch

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from stockstream.connectors.files.trade_file import TradeFile
from stockstream.errors import UsageError
from stockstream.jobs.replay.layout import layout_of
from stockstream.jobs.replay.options import ReplayOptions
from stockstream.jobs.replay.rows import Look, TradeRows
from stockstream.market.files.formats import BY_NAME, FORMATS
from stockstream.market.files.identity import plain
from stockstream.market.trade.schema import Trade
from tests.replayed_rows import one_by_one, rows_after
from tests.vendor_files import QUOTE_FILES, VENDOR_FILES, VendorFile, VendorTrade

OPTIONS = (
    *("symbols", "speed", "columns", "source_name", "id_per", "time_unit", "date", "price_scale"),
    *("time_zone", "format", "side", "quotes"),
)


def options(**asked: object) -> ReplayOptions:
    given = dict.fromkeys(OPTIONS) | {"shift": False, "loop": False, "force": False} | asked
    return ReplayOptions.of(Namespace(**given))


def trades(path: Path, **asked: object) -> list[Trade]:
    file = TradeFile(path)
    chosen, columns, _ = layout_of(file, options(**asked))
    return [row.trade for row in rows_after(Look(file, columns, chosen, Event()).through()) if row.trade]


def as_declared(trade: Trade, declared: VendorTrade) -> VendorTrade:
    """Return a trade in the words of the sample; an id that the file does not have is its content's."""
    return VendorTrade(
        trade.timestamp.isoformat(),
        trade.symbol,
        plain(trade.price),
        plain(trade.volume),
        trade.trade_type,
        trade.conditions,
        trade.updates_last,
        trade.trade_id if declared.trade_id else None,
    )


@pytest.mark.parametrize("sample", VENDOR_FILES, ids=lambda sample: sample.name)
def test_a_vendors_file_is_recognised_and_read_exactly(tmp_path: Path, sample: VendorFile) -> None:
    path = sample.written(tmp_path)
    _, _, summary = layout_of(TradeFile(path), options())
    assert summary.startswith(BY_NAME[sample.format].title)
    found = trades(path)
    assert [as_declared(*each) for each in zip(found, sample.trades, strict=True)] == [*sample.trades]


@pytest.mark.parametrize("sample", VENDOR_FILES, ids=lambda sample: sample.name)
def test_a_format_can_be_named_where_the_file_has_another_name(tmp_path: Path, sample: VendorFile) -> None:
    path = tmp_path / "download"
    path.write_text(sample.text)
    asked = {"symbols": sample.trades[0].symbol} if "<symbol>" in BY_NAME[sample.format].path else {}
    day = sample.trades[0].timestamp[:10]
    found = trades(path, format=sample.format, date=day, **asked)
    assert [plain(trade.price) for trade in found] == [trade.price for trade in sample.trades]


# Frames have many kinds of objects: each is read by itself.
BY_COLUMN = [each for each in VENDOR_FILES if each.format != "binance-frames"]


@pytest.mark.parametrize("sample", BY_COLUMN, ids=lambda sample: sample.name)
def test_a_vendors_file_is_read_by_column(tmp_path: Path, sample: VendorFile) -> None:
    # Lines that no vendor's file has between its trades: TAQ's last one.
    path = sample._replace(text=re.sub("^END.*\n", "", sample.text, flags=re.MULTILINE)).written(tmp_path)
    file = TradeFile(path)
    chosen, columns, _ = layout_of(file, options())
    rows = Look(file, columns, chosen, Event()).through()
    with patch.object(TradeRows, "_by_row", side_effect=AssertionError):
        by_column = rows_after(rows)
    with one_by_one():
        assert rows_after(rows) == by_column


def test_each_format_has_a_sample() -> None:
    assert {each.name for each in FORMATS} == {each.format for each in VENDOR_FILES} | set(QUOTE_FILES)


@pytest.mark.parametrize("name", QUOTE_FILES)
def test_quotes_are_refused_with_the_reason(tmp_path: Path, name: str) -> None:
    file, text = QUOTE_FILES[name]
    (tmp_path / file).write_text(text)
    with pytest.raises(UsageError, match=r"these are quotes of a dealer, not trades"):
        layout_of(TradeFile(tmp_path / file), options())


def test_what_a_person_says_goes_before_what_the_format_says(tmp_path: Path) -> None:
    lean = next(each for each in VENDOR_FILES if each.format == "lean").written(tmp_path)
    (trade, _) = trades(
        *(lean,), symbols="X", date="2020-01-02", time_zone="UTC", price_scale="1", source_name="tape"
    )
    assert (trade.symbol, trade.timestamp.isoformat()) == ("X", "2020-01-02T09:30:00.004000+00:00")
    assert (plain(trade.price), trade.source) == ("1818500", "tape")


def test_columns_without_names_are_named_by_number(tmp_path: Path) -> None:
    path = tmp_path / "ticks.csv"
    path.write_text("1709280000.1,BTC-USD,buy,61000.5,0.25\n1709280000.2,BTC-USD,sell,61000.6,1\n")
    with pytest.raises(UsageError, match=r"its first row is 1709280000\.1, BTC-USD, buy, 61000\.5, 0\.25"):
        trades(path)
    found = trades(path, columns="1=time,2=symbol,3=side,4=price,5=volume")
    assert [(trade.symbol, trade.trade_type, plain(trade.price)) for trade in found] == [
        ("BTC-USD", "BUY", "61000.5"),
        ("BTC-USD", "SELL", "61000.6"),
    ]


def test_a_file_that_lacks_what_its_format_needs_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "trades.csv"
    path.write_text("id,size,time\n1,2,2024-01-02T00:00:00Z\n")
    with pytest.raises(UsageError, match=r"--format coinbase: no column price among id, size, time"):
        trades(path, format="coinbase")


def test_a_file_of_which_much_is_bad_asks_first(tmp_path: Path) -> None:
    path = tmp_path / "trades.csv"
    good = "".join(f"2024-01-02T00:00:{at:02}Z,A,1,1\n" for at in range(18))
    path.write_text("time,symbol,price,volume\n" + good + "x,A,1,1\n" * 2)
    assert len(trades(path)) == 18
    path.write_text(path.read_text() + "y,A,1,1\n")
    with pytest.raises(UsageError, match=r"3 of 21 rows are not trades, the first: line 20: timestamp 'x'"):
        trades(path)
    assert len(trades(path, force=True)) == 18


def test_times_without_an_offset_are_in_the_zone_that_was_named(tmp_path: Path) -> None:
    path = tmp_path / "trades.csv"
    path.write_text(
        "time,symbol,price,volume\n"
        "2024-03-08 09:30:00,SPY,512.1,1\n2024-03-11 09:30:00,SPY,511.5,1\n2024-11-03T01:30:00Z,SPY,5,1\n"
    )
    found = [trade.timestamp.isoformat() for trade in trades(path, time_zone="America/New_York")]
    assert found == [
        "2024-03-08T14:30:00+00:00",
        "2024-03-11T13:30:00+00:00",
        "2024-11-03T01:30:00+00:00",
    ]


def as_parquet(sample: VendorFile, folder: Path, **types: pa.DataType) -> Path:
    """Return a Parquet file of the rows of a CSV file, with these types of some columns."""
    path = (folder / sample.name).with_suffix(".parquet")
    table = pyarrow.csv.read_csv(
        io.BytesIO(sample.text.encode()),
        convert_options=pyarrow.csv.ConvertOptions(column_types=types, strings_can_be_null=True),
    )
    pq.write_table(table, path)
    return path


def sample_of(name: str) -> VendorFile:
    return next(each for each in VENDOR_FILES if each.format == name)


@pytest.mark.parametrize("name", ["massive", "coinbase", "tardis", "okx", "alpaca"])
def test_a_format_is_recognised_in_parquet_too(tmp_path: Path, name: str) -> None:
    sample = sample_of(name)
    asked = {"symbols": sample.trades[0].symbol} if "symbol" not in BY_NAME[name].columns else {}
    path = as_parquet(sample, tmp_path)
    _, _, summary = layout_of(TradeFile(path), options(**asked))
    assert summary.startswith(BY_NAME[name].title)
    found = trades(path, **asked)
    assert [as_declared(*each) for each in zip(found, sample.trades, strict=True)] == [*sample.trades]
    with one_by_one():
        assert trades(path, **asked) == found


@pytest.mark.parametrize("kind", [pa.string(), pa.float64(), pa.int64()], ids=str)
def test_what_stands_is_the_same_by_row_and_by_column(tmp_path: Path, kind: pa.DataType) -> None:
    # The indicator of corrections is missing in one row, and 8, cancelled, in another.
    text = (
        sample_of("massive")
        .text.replace("1704205800018026000", "1704205800018026001")
        .replace("A,,0,4", "A,,,4")
    )
    path = as_parquet(sample_of("massive")._replace(text=text), tmp_path, correction=kind)
    found = trades(path)
    with one_by_one():
        assert trades(path) == found
    assert len(found) == 2


def test_conditions_may_be_a_list_in_parquet(tmp_path: Path) -> None:
    table = pa.table(
        {
            "time": ["2024-01-02T00:00:00Z"],
            "symbol": ["A"],
            "price": [1.5],
            "size": [1.0],
            "id": [12.0],
            "conditions": pa.array([["@", "I"]], pa.list_(pa.string())),
        }
    )
    pq.write_table(table, tmp_path / "trades.parquet")
    (trade,) = trades(tmp_path / "trades.parquet")
    assert (trade.conditions, trade.trade_id) == ("@,I", "12")


@pytest.mark.parametrize("prices", [("-1.5", "0"), ("0", "0"), ("-37.63", "-37.64")])
def test_prices_that_are_never_above_zero_are_prices(tmp_path: Path, prices: tuple[str, str]) -> None:
    rows = [f"2024-01-02T00:00:0{at}Z,CL,{price},1" for at, price in enumerate(prices)]
    (tmp_path / "spread.csv").write_text("\n".join(["time,symbol,price,volume", *rows, ""]))
    assert [plain(trade.price) for trade in trades(tmp_path / "spread.csv")] == [*prices]


def test_raw_prices_of_databento_are_told_by_any_action(tmp_path: Path) -> None:
    path = sample_of("databento-raw")._replace(name="mbp.csv").written(tmp_path)
    head, *rows = path.read_text().splitlines()
    added = rows[0].replace(",T,A,0,5312250000000,", ",A,A,0,4510000000,")
    path.write_text("\n".join([head, added, rows[0].replace("5312250000000", "4510000000"), ""]))
    assert [plain(trade.price) for trade in trades(path)] == ["4.51"]


def test_a_comma_groups_digits_where_numbers_have_points(tmp_path: Path) -> None:
    path = tmp_path / "trades.tsv"
    path.write_text("time\tsymbol\tprice\tvolume\n" + "2024-01-02T00:00:00Z\tA\t187.12\t200\n" * 10)
    path.write_text(path.read_text() + "2024-01-02T00:00:01Z\tA\t187.12\t1,200\n")
    assert {plain(trade.volume) for trade in trades(path)} == {"200"}
    path.write_text("time;symbol;price;volume\n2024-01-02T00:00:00Z;A;187,12;200\n")
    assert [plain(trade.price) for trade in trades(path)] == ["187.12"]


def test_a_venue_may_have_letters_that_a_message_escapes(tmp_path: Path) -> None:
    path = tmp_path / "trades.csv"
    path.write_text("id,exchange,time,symbol,price,volume\n1,N\\A,2024-01-02T00:00:00Z,A,1,1\n")
    (trade,) = trades(path, id_per="venue")
    assert trade.trade_id == "N\\A/1"


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("trade_id,time,symbol,price,size,side", "7,2024-01-02 09:30:00,A,1.5,2,buy"),
        ("trade_id,side,size,price,time,symbol", "7,buy,2,1.5,2024-01-02 09:30:00,A"),
        ("trade_id,symbol,side,price,amount,timestamp", "7,A,buy,1.5,2,2024-01-02 09:30:00"),
        ("id,timestamp,price,volume,side,symbol", "7,1704187800000,1.5,2,buy,A"),
        ("time,price,size,symbol,side,id", "2024-01-02 09:30:00,1.5,2,A,buy,7"),
    ],
)
def test_names_that_many_files_have_are_no_vendors_mark(tmp_path: Path, header: str, row: str) -> None:
    path = tmp_path / "AAPL-2024.csv"
    path.write_text(f"{header}\n{row}\n")
    _, _, summary = layout_of(TradeFile(path), options())
    assert summary.startswith("by its columns")
    (trade,) = trades(path)
    assert (trade.trade_id, trade.trade_type, trade.timestamp.hour) == ("7", "BUY", 9)


def test_a_header_of_common_names_is_not_taken_for_ticks_in_new_york(tmp_path: Path) -> None:
    path = tmp_path / "MSFT_tick.txt"
    path.write_text("time,price,size\n2024-01-02 09:30:00,1.5,2\n")
    (trade,) = trades(path, symbols="MSFT")
    assert trade.timestamp.isoformat() == "2024-01-02T09:30:00+00:00"

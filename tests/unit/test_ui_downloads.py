"""Files to take along: exact numbers, times in UTC, and the columns of what is shown."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from stockstream.connectors.files.trade_file import TradeFile
from stockstream.market.files.columns import match
from stockstream.market.files.rows import RowReader
from stockstream.market.files.times import TimeReader, TimeRule
from stockstream.market.trade.schema import Trade
from stockstream.ui.data.records import ShownTrade
from stockstream.ui.server import downloads
from tests.unit.test_ui_charts import mark
from tests.unit.test_ui_elements import standing

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
TRADE = ShownTrade(
    "000712",
    NOON.astimezone(timezone(timedelta(hours=5))),
    "BTC-USD",
    Decimal("64123.12345678"),
    Decimal("0.00000001"),
    "BUY",
    "@ I",
    *(False, True, None, False, None),
    "kraken",
    None,
    Decimal("0.0006412312345678"),
    "price_spike",
)
LABELLED = replace(
    TRADE,
    trade_id="000713",
    timestamp=NOON + timedelta(microseconds=7),
    price=Decimal("1E+2"),
    anomaly="burst#5f3a-2",
)


def read(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_csv_has_the_numbers_to_the_last_digit_and_times_in_utc() -> None:
    (row,) = read(downloads.as_csv([TRADE]))
    assert row["timestamp"] == "2026-11-23T12:00:00+00:00"
    assert Decimal(row["price"]) == TRADE.price
    assert Decimal(row["value"]) == TRADE.value


def test_parquet_has_decimals_and_moments() -> None:
    (row,) = pq.read_table(io.BytesIO(downloads.as_parquet([TRADE]))).to_pylist()
    assert (row["timestamp"], row["price"], row["volume"]) == (NOON, TRADE.price, TRADE.volume)


@pytest.mark.parametrize(("ending", "made"), [("csv", downloads.as_csv), ("parquet", downloads.as_parquet)])
def test_trades_taken_along_are_replayed_as_the_same_trades(
    tmp_path: Path, ending: str, made: Callable[[Sequence[ShownTrade]], bytes]
) -> None:
    path = tmp_path / f"trades.{ending}"
    path.write_bytes(made([TRADE, LABELLED]))
    file = TradeFile(path)
    reader = RowReader(match(file.header, {}), TimeReader(TimeRule.named("s")), source="replay")
    read_back = [reader.read(row.cells).trade for row in file.rows(reader.wanted)]
    assert read_back == [
        Trade(**{name: getattr(record, name) for name in Trade.__struct_fields__})
        for record in (TRADE, LABELLED)
    ]


def test_a_standing_has_its_change_and_a_finding_its_methods_in_words() -> None:
    (row,) = read(downloads.as_csv([standing("AAPL", "110")]))
    assert Decimal(row["change"]) == 10
    (found,) = read(downloads.as_csv([mark("price_spike")]))
    assert found["methods"] == "zscore"


def test_nothing_shown_is_an_empty_file() -> None:
    assert downloads.as_csv([]).strip() == b""
    assert pq.read_table(io.BytesIO(downloads.as_parquet([]))).num_rows == 0

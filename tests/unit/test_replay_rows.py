"""Rows of other people's files: which column is what, how words are meant, and what is no trade."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from stockstream.errors import BadTradeError, UsageError
from stockstream.market.replay_rows import Reader, guess, moment

OWN = ["trade_id", "timestamp", "symbol", "price", "volume", "trade_type", "source", "anomaly"]
ROW = ["7", "2026-11-23T10:00:00.123456Z", "AAPL", "187.1200", "10", "BUY", "x", "price_spike#1-2"]


@pytest.mark.parametrize(
    ("header", "told"),
    [
        (OWN, ", ".join(f"{name} from {name}" for name in OWN)),
        (
            ["Date Time", "Ticker", "Last", "Shares", "Side"],
            (
                "timestamp from Date Time, symbol from Ticker, price from Last, volume from Shares, "
                "trade_type from Side"
            ),
        ),
        (
            ["id", "price", "qty", "quoteQty", "time", "isBuyerMaker", "pair"],
            (
                "trade_id from id, timestamp from time, symbol from pair, price from price, "
                "volume from qty, trade_type from isBuyerMaker; unused: quoteQty"
            ),
        ),
    ],
)
def test_columns_are_guessed_by_their_names_and_told(header: list[str], told: str) -> None:
    assert guess(header, {}).told == told


def test_a_column_that_a_person_names_wins() -> None:
    found = guess(
        ["t", "s", "bid", "price", "size", "side"], {"price": "bid", "timestamp": "t", "symbol": "s"}
    )
    assert found.of["price"] == 2


@pytest.mark.parametrize(
    ("header", "asked", "told"),
    [
        (["time", "symbol", "price"], {}, "no column for volume, trade_type among time, symbol, price"),
        (["time", "price", "size", "side"], {}, "or --symbols SYMBOL"),
        (OWN, {"price": "px"}, "--columns price=px: the file has trade_id"),
    ],
)
def test_a_column_that_is_not_there_is_told(header: list[str], asked: dict[str, str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        guess(header, asked)


def test_a_row_becomes_the_trade_it_tells() -> None:
    trade = Reader(guess(OWN, {}), "f").trade(ROW, 2)
    assert (trade.price, trade.volume, trade.source) == (Decimal("187.12"), Decimal(10), "x")
    assert trade.timestamp == datetime(2026, 11, 23, 10, 0, 0, 123456, UTC)
    assert trade.anomaly == "price_spike#1-2"


@pytest.mark.parametrize(("word", "side"), [(True, "SELL"), (False, "BUY"), ("FALSE", "BUY"), ("1", "SELL")])
def test_who_makes_is_turned_into_who_takes(word: object, side: str) -> None:
    reader = Reader(guess(["time", "symbol", "price", "qty", "isBuyerMaker"], {}), "f")
    assert reader.trade(["1700000000", "X", "1", "2", word], 1).trade_type == side


def test_a_file_without_ids_or_symbols_gets_the_same_ids_each_time() -> None:
    header = ["time", "price", "size", "is_buyer_maker"]
    reader = Reader(guess(header, {}, "BTC-USD"), "f00d", "BTC-USD")
    first, again = (reader.trade(["1700000000", "1.5", "2", "True"], 9) for _ in range(2))
    assert first == again
    assert (first.trade_id, first.symbol, first.trade_type, first.source) == (
        "f00d-9",
        "BTC-USD",
        "SELL",
        "replay",
    )


@pytest.mark.parametrize(
    "word",
    [
        *("1700000000.123456", "1700000000123.456", "1700000000123456", "1700000000123456000"),
        *("2023-11-14T22:13:20.123456Z", "2023-11-14 22:13:20.123456", "2023-11-14T23:13:20.123456+01:00"),
        datetime(2023, 11, 14, 22, 13, 20, 123456),  # noqa: DTZ001 - as Parquet files have them
    ],
)
def test_a_time_is_read_in_any_of_the_usual_ways(word: object) -> None:
    assert moment(word) == datetime(2023, 11, 14, 22, 13, 20, 123456, UTC)


@pytest.mark.parametrize(
    ("field", "word", "reason"),
    [
        ("price", "abc", "price 'abc' is not a number"),
        ("price", "", "price '' is not a number"),
        ("price", "NaN", "price 'NaN' is not a number"),
        ("price", "-1", "price is not above zero"),
        ("volume", "0.123456789", "volume has"),
        ("timestamp", "yesterday", "timestamp 'yesterday' is not a time"),
        ("timestamp", "99999999999999999999999", "timestamp"),
        ("symbol", "aapl!", "symbol"),
        ("trade_type", "hold", "trade_type 'hold' is none of buy, b, sell, s"),
        ("trade_id", "x" * 65, "trade_id"),
    ],
)
def test_a_row_that_is_no_trade_says_why(field: str, word: str, reason: str) -> None:
    row = [word if name == field else cell for name, cell in zip(OWN, ROW, strict=True)]
    with pytest.raises(BadTradeError, match=reason):
        Reader(guess(OWN, {}), "f").trade(row, 2)


def test_a_row_that_is_cut_short_says_why() -> None:
    with pytest.raises(BadTradeError, match="volume '' is not a number"):
        Reader(guess([*OWN[:2], "trade_type", "symbol", "price", "volume"], {}), "f").trade(
            [*ROW[:2], "BUY", "AAPL", "5"], 2
        )

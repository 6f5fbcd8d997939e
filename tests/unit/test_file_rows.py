"""Rows of other people's files: which column is what, how words are meant, and what is no trade."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from stockstream.errors import BadTradeError, UsageError
from stockstream.market.files.columns import match
from stockstream.market.files.rows import RowReader
from stockstream.market.files.times import TimeReader, TimeRule
from stockstream.market.trade.schema import Trade

OWN = ["trade_id", "timestamp", "symbol", "price", "volume", "trade_type", "source", "anomaly"]
ROW = ["7", "2026-11-23T10:00:00.123456Z", "AAPL", "187.1200", "10", "BUY", "x", "price_spike#1-2"]

TIMES = TimeReader(TimeRule.plausible(until=datetime(2027, 12, 1, tzinfo=UTC)))


def read(header: list[str], row: list[object], symbol: str | None = None) -> Trade:
    return RowReader(match(header, {}, symbol), TIMES, source="file", symbol=symbol).read(row).trade


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
    assert match(header, {}).summary == told


def test_a_column_that_a_person_names_wins() -> None:
    found = match(
        ["t", "s", "bid", "price", "size", "side"], {"price": "bid", "timestamp": "t", "symbol": "s"}
    )
    assert found.of["price"] == 2


@pytest.mark.parametrize(
    ("header", "asked", "told"),
    [
        (["time", "symbol", "price"], {}, "no column for volume among time, symbol, price"),
        (["time", "price", "size", "side"], {}, "or --symbols SYMBOL"),
        (OWN, {"price": "px"}, "--columns price=px: the file has trade_id"),
    ],
)
def test_a_column_that_is_not_there_is_told(header: list[str], asked: dict[str, str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        match(header, asked)


@pytest.mark.parametrize(
    ("header", "asked", "summary"),
    [
        (["date", "time", "sym", "px", "qty", "side"], {}, "timestamp from date+time"),
        (["<TICKER>", "<DATE>", "<TIME>", "<LAST>", "<VOL>", "<OPER>"], {}, "timestamp from <DATE>+<TIME>"),
        (["d", "t", "sym", "px", "qty", "side"], {"timestamp": "d+t"}, "timestamp from d+t"),
        (["a+b", "sym", "px", "qty", "side"], {"timestamp": "a+b"}, "timestamp from a+b"),
        (["datetime", "date", "sym", "px", "qty", "side"], {}, "timestamp from datetime"),
        (["id", "time", "sym", "px", "qty", "side"], {"trade_id": ""}, "timestamp from time"),
    ],
)
def test_a_time_of_day_is_completed_by_its_date(
    header: list[str], asked: dict[str, str], summary: str
) -> None:
    assert match(header, asked).summary.startswith(summary)


@pytest.mark.parametrize(
    ("header", "asked", "is_taken"),
    [
        (OWN, {}, True),
        (["trade_id", "time", "symbol", "price", "size", "side", "source"], {}, False),
        (["trade_id", "time", "symbol", "price", "size", "side", "source"], {"source": "source"}, True),
    ],
)
def test_the_source_of_others_is_theirs_unless_it_is_named(
    header: list[str], asked: dict[str, str], *, is_taken: bool
) -> None:
    assert ("source" in match(header, asked).of) == is_taken


def test_a_row_becomes_the_trade_it_tells() -> None:
    trade = read(OWN, list(ROW))
    assert (trade.price, trade.volume, trade.source) == (Decimal("187.12"), Decimal(10), "x")
    assert trade.timestamp == datetime(2026, 11, 23, 10, 0, 0, 123456, UTC)
    assert trade.anomaly == "price_spike#1-2"


@pytest.mark.parametrize(("word", "side"), [(True, "SELL"), (False, "BUY"), ("FALSE", "BUY"), ("1", "SELL")])
def test_who_makes_is_turned_into_who_takes(word: object, side: str) -> None:
    header = ["time", "symbol", "price", "qty", "isBuyerMaker"]
    assert read(header, ["1700000000", "X", "1", "2", word]).trade_type == side


def test_a_file_without_symbols_has_the_one_that_is_named() -> None:
    header = ["time", "price", "size", "is_buyer_maker"]
    made = read(header, ["1700000000", "1.5", "2", "True"], "BTC-USD")
    assert (made.symbol, made.trade_type, made.source) == ("BTC-USD", "SELL", "file")


@pytest.mark.parametrize(
    ("field", "word", "reason"),
    [
        ("price", "abc", "price 'abc': needs a number"),
        ("price", "", "price '': needs a number"),
        ("price", "NaN", "price 'NaN': needs a number"),
        ("price", "1_000", "price '1_000': needs a number"),
        ("price", "\u0661", "price '\u0661': needs a number"),
        ("volume", "-1", "volume -1: needs a number above zero"),
        (
            "volume",
            "0.1234567890123",
            "volume 0.1234567890123: needs at most 18 digits, 12 of them after the point",
        ),
        ("timestamp", "yesterday", "timestamp 'yesterday': needs a time"),
        ("timestamp", "10:00:00", "timestamp '10:00:00': needs a date beside its time of day"),
        ("timestamp", "99999999999999999999999", "needs a number that is a plausible time"),
        ("symbol", "aapl!", "symbol 'aapl!': needs 1 to 32 of A-Z 0-9 . - / _ & ^ = : +"),
        ("trade_type", "hold", "trade_type 'hold': needs one of buy, b, bid, buyer, 1, +1, sell"),
        ("trade_id", "x" * 65, "trade_id 'xxx"),
        ("trade_id", "caf\udce9", r"trade_id 'caf\xe9': needs text in UTF-8"),
    ],
)
def test_a_row_that_is_no_trade_says_why(field: str, word: str, reason: str) -> None:
    row: list[object] = [word if name == field else cell for name, cell in zip(OWN, ROW, strict=True)]
    with pytest.raises(BadTradeError) as refused:
        read(OWN, row)
    assert reason in str(refused.value)


def test_a_row_that_is_cut_short_says_why() -> None:
    with pytest.raises(BadTradeError, match="volume '': needs a number"):
        read([*OWN[:2], "trade_type", "symbol", "price", "volume"], [*ROW[:2], "BUY", "AAPL", "5"])

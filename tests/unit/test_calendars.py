"""Which calendar a symbol has, by the rules, the source and the form."""

import pytest

from stockstream.market.sessions.calendars import calendars

PAIRS = ("BTC-USD", "BTC/USD", "BTC_USDT", "BTCUSDT", "ETHBTC", "X:BTCUSD", "1INCHUSDT", "DOGE-EUR", "BTCUSD")
STOCKS = ("AAPL", "BRK-B", "BRK/B", "BF.B", "GOOGL", "USD", "M&M", "^GSPC", "ES=F", "O:SPY251219C00650000")


@pytest.mark.parametrize("symbol", PAIRS)
def test_a_pair_of_currencies_never_closes(symbol: str) -> None:
    assert calendars("").of(symbol) == "24/7"


@pytest.mark.parametrize("symbol", STOCKS)
def test_any_other_symbol_has_the_usual_calendar(symbol: str) -> None:
    assert calendars("").of(symbol) == "XNYS"
    assert calendars("XTKS").of(symbol) == "XTKS"


@pytest.mark.parametrize("source", ["coinbase", "kraken", "binance", "synthetic"])
def test_the_source_comes_before_the_form(source: str) -> None:
    assert calendars("XLON").of("AAPL", source) == "24/7"


@pytest.mark.parametrize(
    ("symbol", "source", "calendar"),
    [
        ("ES=F", "replay:es", "CMES"),
        ("BTC-USD", "coinbase", "24/5"),
        ("X:BTCUSD", None, "XLON"),
        ("AAPL", "synthetic", "XNYS"),
        ("VOD", "replay:london-2020", "XLON"),
        ("VOD", "replay:paris", "XPAR"),
    ],
)
def test_a_rule_comes_before_the_source_and_the_first_one_counts(
    symbol: str, source: str | None, calendar: str
) -> None:
    rules = calendars(
        "XPAR, *=F:CMES, BTC-USD:24/5,X:BTCUSD:XLON,synthetic:XNYS,replay:london*:XLON,*:XPAR,VOD:XTKS"
    )
    assert rules.of(symbol, source) == calendar

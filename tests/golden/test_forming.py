"""The golden tapes as candles that form: what an engine closes in time is what plain SQL makes of it."""

from fractions import Fraction

import pytest

from stockstream.connectors.postgres.connection import Connection
from stockstream.market.candles.candle import Candle
from stockstream.market.candles.columns import microseconds
from stockstream.market.candles.frame import SECOND
from tests.golden.cases import CASES, OPENING, PARTITIONS, Case
from tests.golden.expected import COLUMNS, Row, expected
from tests.unit.forming_tape import NOON, Scene

CLOCK = microseconds(OPENING) + 30 * 86_400 * SECOND
# Tapes without repeats and trades that come after their minute is closed.
IN_TIME = (
    "in order",
    "boundaries",
    "same microsecond",
    "partition skew",
    "gaps",
    "one-sided",
    "sorted by symbol",
)


def formed(case: Case, lateness: int) -> Scene:
    """The tape read piece by piece, stored at each pause."""
    scene = Scene(range(PARTITIONS), lateness=lateness)
    for _, piece in case.steps:
        for partition, trade in piece:
            scene.produce(trade, partition=partition)
        for partition in range(PARTITIONS):
            scene.read(partition=partition, now=CLOCK)
        scene.store(CLOCK)
    scene.store(CLOCK, ended=True)
    return scene


def facts(candle: Candle) -> dict[str, object]:
    return {
        "trade_count": candle.trade_count,
        "min_price": candle.low,
        "max_price": candle.high,
        "total_volume": candle.volume,
        "total_value": candle.value,
        "open": candle.open,
        "close": candle.close,
        "buy_volume": candle.buy_volume,
        "is_final": candle.is_final,
    }


@pytest.mark.parametrize("name", IN_TIME)
def test_what_comes_in_time_gives_the_candles_of_plain_sql(name: str, connection: Connection) -> None:
    case = CASES[name]
    wanted = {
        (symbol, (microseconds(start) - NOON) // SECOND): _named(row)
        for (symbol, start), row in expected(connection, case.trades).items()
    }
    candles = formed(case, 86_400 * SECOND).candles
    assert {key: facts(candle) for key, candle in candles.items()} == {
        key: {fact: row[fact] for fact in facts(candles[key])} for key, row in wanted.items()
    }


@pytest.mark.parametrize("name", CASES)
def test_no_tape_gives_a_candle_that_no_trade_is_for(name: str, connection: Connection) -> None:
    case = CASES[name]
    wanted = {symbol_start: _named(row) for symbol_start, row in expected(connection, case.trades).items()}
    minutes = {(symbol, (microseconds(start) - NOON) // SECOND) for symbol, start in wanted}
    for key, candle in formed(case, 5 * SECOND).candles.items():
        assert key in minutes
        if candle.low is None or candle.open is None or candle.high is None:
            assert candle.close is None
        else:
            assert candle.low <= candle.open <= candle.high
        assert Fraction(candle.volume) > 0


def _named(row: Row) -> dict[str, object]:
    return dict(zip(COLUMNS, row, strict=True))

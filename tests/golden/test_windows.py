"""The golden tapes through the windows alone: no server but the one that says what is right."""

from collections import Counter
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from stockstream.connectors.postgres import Connection
from stockstream.market.candle import Candle
from stockstream.market.windows_columns import microseconds
from stockstream.market.windows_frame import SECOND
from tests.golden.cases import CASES, LATENESS, PARTITIONS, Case
from tests.golden.expected import COLUMNS, NOW, Row, expected, places
from tests.unit.windows_tape import NOON, Desk

CLOCK = microseconds(NOW)
Key = tuple[str, int]


def windowed(case: Case) -> Desk:
    """The tape read piece by piece, stored at each pause, and begun again at each restart."""
    desk = Desk(range(PARTITIONS), lateness=LATENESS.seconds * SECOND)
    for is_restarted, piece in case.steps:
        if is_restarted:
            desk.start(CLOCK)
        for partition, trade in piece:
            desk.produce(trade, partition=partition)
        for partition in range(PARTITIONS):
            desk.read(partition=partition, now=CLOCK)
        desk.store(CLOCK)
    desk.store(CLOCK, ended=True)
    return desk


def late_counts(desk: Desk, case: Case) -> Counter[Key]:
    """Late trades of each window; one that the tape has from another place is a repeat, and none."""
    first: dict[tuple[str, str, str], tuple[int, int]] = {}
    for (partition, trade), offset in zip(case.trades, places(case.trades), strict=True):
        key, place = (trade.source, trade.symbol, trade.trade_id), (partition, offset)
        first[key] = min(first.get(key, place), place)
    firsts = set(first.values())
    late = zip(desk.late, desk.late_places, strict=True)
    return Counter(window for window, place in late if place in firsts)


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
        "sell_volume": candle.sell_volume,
        "is_final": candle.is_final,
    }


def is_rounded(number: object, exact: Fraction) -> bool:
    """Whether a decimal is the fraction, as nearly as its digits can say."""
    assert isinstance(number, Decimal)
    return abs(Fraction(number) - exact) <= Fraction(10) ** int(number.as_tuple().exponent)


@pytest.mark.parametrize("name", CASES)
def test_the_windows_give_the_candles_of_plain_sql(name: str, connection: Connection) -> None:
    case = CASES[name]
    desk = windowed(case)
    late = late_counts(desk, case)
    wanted = {
        _key(symbol, start): _named(row) for (symbol, start), row in expected(connection, case.trades).items()
    }
    assert set(desk.candles) | set(late) == set(wanted)
    assert {key: late[key] for key in wanted} == {key: row["late_trades"] for key, row in wanted.items()}
    counted = {key: row for key, row in wanted.items() if row["trade_count"]}
    assert {key: facts(candle) for key, candle in desk.candles.items()} == {
        key: {fact: row[fact] for fact in facts(desk.candles[key])} for key, row in counted.items()
    }
    for key, candle in desk.candles.items():
        assert is_rounded(counted[key]["avg_price"], Fraction(candle.price_sum) / candle.trade_count)
        assert is_rounded(counted[key]["vwap"], Fraction(candle.value) / Fraction(candle.volume))


def _key(symbol: str, start: datetime) -> Key:
    return symbol, (microseconds(start) - NOON) // SECOND


def _named(row: Row) -> dict[str, object]:
    return dict(zip(COLUMNS, row, strict=True))

"""Trades that come as a table are the same windows as trades that come one by one."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from stockstream.market.anomalies.features.group_by_symbol import by_symbol
from stockstream.market.anomalies.features.trade_window import TradeWindow, of_trades
from stockstream.market.trade.arrivals import Messages, sort
from stockstream.market.trade.codec import encode
from stockstream.market.trade.columns import micros
from stockstream.market.trade.schema import Trade

COLUMNS = ("micros", "price", "volume", "side", "trade_ids", "sources", "market", "unrest")
START = datetime(2026, 1, 1, tzinfo=UTC)

amounts = st.decimals(Decimal("1e-8"), Decimal(9999999999), places=8) | st.integers(1, 10**18 - 1).map(
    Decimal
)
trades = st.builds(
    Trade,
    trade_id=st.text("ab01é", min_size=1, max_size=8),
    timestamp=st.integers(0, 10**9).map(lambda each: START + timedelta(microseconds=each)),
    symbol=st.sampled_from(["AAPL", "MSFT", "BTC-USD"]),
    price=amounts,
    volume=amounts,
    trade_type=st.sampled_from(["BUY", "SELL"]),
    source=st.sampled_from(["synthetic", "replay"]),
)


# The first case may have to wait for machine code.
@given(st.lists(trades, max_size=20))
def test_a_table_gives_the_windows_of_its_trades(made: list[Trade]) -> None:
    table = in_order(made)
    expected = defaultdict(list)
    for trade in made:
        expected[trade.symbol].append(trade)
    found = {window.symbol: window for window, _ in by_symbol(table)}
    assert found.keys() == expected.keys()
    for symbol, own in expected.items():
        assert columns(found[symbol]) == columns(of_trades(symbol, own))


@given(st.lists(trades, max_size=20))
def test_rows_say_where_each_trade_stands(made: list[Trade]) -> None:
    table = in_order(made)
    times = micros(table)
    placed = [row for _, rows in by_symbol(table) for row in rows.tolist()]
    assert sorted(placed) == list(range(len(made)))
    assert all(np.array_equal(times[rows], window.micros) for window, rows in by_symbol(table))


def in_order(made: list[Trade]) -> pa.Table:
    """Return trades as they come out of the topic, in parts as they are held."""
    count = len(made)
    messages = Messages([encode(trade) for trade in made], [None] * count, [0] * count, range(count))
    table = sort(messages, {0: (0, count)}).trades.sort_by("kafka_offset")
    return pa.concat_tables([table[: count // 2], table[count // 2 :]])


def columns(window: TradeWindow) -> list[list[object]]:
    """Return what a window holds, as plain values."""
    return [getattr(window, name).tolist() for name in COLUMNS]

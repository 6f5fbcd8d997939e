"""The simulated market: the same seed, the same trades, in messages that keep the contract."""

import uuid
from dataclasses import astuple, replace

import numpy as np
import pytest

from stockstream.market.simulator import Listing, Market, Tape, encode_tape, known, listed
from stockstream.market.trade import codec
from stockstream.market.trade.ids import trade_ids

START = 1_795_456_042_000_000


def market(seed: int = 1, rate: float = 1000.0) -> Market:
    return Market(np.random.default_rng(seed), listed(10), rate)


def same(left: Tape, right: Tape) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(astuple(left), astuple(right), strict=True))


def test_the_same_seed_gives_the_same_trades() -> None:
    one, other = market(), market()
    assert all(same(one.next_block(), other.next_block()) for _ in range(3))


def test_another_seed_gives_other_trades() -> None:
    assert not same(market(1).next_block(), market(2).next_block())


def test_time_goes_on_from_block_to_block() -> None:
    opened = market()
    first, second = opened.next_block(), opened.next_block()
    assert second.at[0] >= first.at[-1]


def test_no_price_falls_below_a_tick() -> None:
    penny = Listing("PENNY", price=0.01, sector="energy", volatility=9.0)
    opened = Market(np.random.default_rng(3), [penny], 100.0)
    assert min(int(opened.next_block().cents.min()) for _ in range(5)) == 1


def test_a_market_of_a_thousand_symbols_trades_most_of_them() -> None:
    opened = Market(np.random.default_rng(3), listed(1000), 1000.0)
    assert np.unique(opened.next_block().symbol).size > 950


def test_listings_are_distinct_and_well_formed() -> None:
    symbols = [listing.symbol for listing in listed(2000)]
    assert len(set(symbols)) == 2000
    assert symbols[:3] == ["AAPL", "GOOGL", "MSFT"]
    assert known("BRK.B") == known("BRK.B")


@pytest.mark.parametrize("moment", [START, START + 999_999, START + 1_000_001, 1, 86_400_000_000])
def test_a_message_is_what_the_codec_makes_of_the_trade(moment: int) -> None:
    tape = market(5).next_block()
    event_times = moment + np.arange(len(tape)) * 611
    ids = trade_ids(np.random.default_rng(), event_times)
    trades = [
        tape.trade(row, event_times[row], ids[row].tobytes().decode()) for row in range(0, len(tape), 7)
    ]
    messages = encode_tape(tape, event_times, ids)
    assert messages[::7] == [codec.encode(each) for each in trades]
    assert [codec.decode(message) for message in messages[::7]] == trades


def test_a_message_of_an_odd_symbol_is_what_the_codec_makes_of_the_trade() -> None:
    tape = replace(market().next_block()[:10], symbols=("BTC/USD", "A-B_C", "0", *"DEFGHIJ"))
    event_times = np.full(10, START + 1)
    ids = trade_ids(np.random.default_rng(), event_times)
    made = [codec.encode(tape.trade(row, START + 1, ids[row].tobytes().decode())) for row in range(10)]
    assert encode_tape(tape, event_times, ids) == made


def test_ids_are_uuids_of_version_7_in_the_order_of_time() -> None:
    moments = START + np.arange(10_000)
    ids = [row.tobytes().decode() for row in trade_ids(np.random.default_rng(), moments)]
    assert ids == sorted(set(ids))
    assert {uuid.UUID(each).version for each in ids} == {7}
    assert uuid.UUID(ids[0]).int >> 80 == START // 1000


def test_two_producers_at_one_moment_make_different_ids() -> None:
    moment = np.full(1000, START)
    one, other = (trade_ids(np.random.default_rng(), moment).tobytes() for _ in range(2))
    assert one != other

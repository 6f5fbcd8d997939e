"""Candles that form: when they close, what counts, and what is left to the tape."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stockstream.market.candles.candle import candle_of, words_of
from stockstream.market.candles.frame import SECOND
from stockstream.market.candles.tumbling import Tumbling
from tests.unit.forming_tape import LATER, NOON, Scene, Tick, expected, summary


@pytest.fixture
def scene() -> Scene:
    return Scene(lateness=5 * SECOND, skew=60 * SECOND, idle=3 * SECOND)


@pytest.fixture
def two() -> Scene:
    return Scene(partitions=(0, 1), lateness=5 * SECOND, skew=60 * SECOND, idle=3 * SECOND)


def test_a_candle_forms_and_closes_when_the_watermark_reaches_its_end(scene: Scene) -> None:
    scene.trade(Tick(1, price="10.5"), Tick(2, price="9"))
    assert (scene.counts(), scene.final()) == ({("AAPL", 0): 2}, set())
    scene.trade(Tick(64.999999))
    assert scene.final() == set()
    scene.trade(Tick(65))
    assert scene.final() == {("AAPL", 0)}
    assert len(scene.forming) == 1


def test_a_minute_begins_with_its_first_microsecond_and_ends_before_the_next(scene: Scene) -> None:
    scene.trade(Tick(0), Tick(59.999999), Tick(60), Tick(119.999999), Tick(120))
    assert scene.counts() == {("AAPL", 0): 2, ("AAPL", 60): 2, ("AAPL", 120): 1}


def test_a_candle_has_all_that_its_trades_tell(scene: Scene) -> None:
    scene.trade(
        Tick(3, price="10.10", volume="2", buys=True),
        Tick(1, price="12.00", volume="0.5", buys=False),
        Tick(2, price="9.99999999", volume="1", buys=True),
    )
    candle = scene.candles["AAPL", 0]
    assert candle.price_sum == Decimal("32.09999999")
    assert (candle.open, candle.high, candle.low) == (Decimal(12), Decimal(12), Decimal("9.99999999"))
    assert candle.close == Decimal("10.10")
    assert (candle.volume, candle.value) == (Decimal("3.5"), Decimal("36.19999999"))
    assert candle.buy_volume == Decimal(3)


def test_large_and_small_amounts_add_up_exactly(scene: Scene) -> None:
    scene.trade(*(Tick(n, price="9999999999.99999999", volume="9999999999.99999999") for n in range(9)))
    scene.trade(Tick(10, price="0.00000001", volume="0.00000001"))
    assert summary(scene.candles["AAPL", 0]) == expected(scene.tapes)["AAPL", 0]


def test_amounts_of_more_than_64_bits_are_counted_exactly(scene: Scene) -> None:
    scene.trade(Tick(1, price="0.000000000001"), Tick(2, price="999999999999999999"))
    candle = scene.candles["AAPL", 0]
    assert (candle.trade_count, candle.high) == (2, Decimal(999999999999999999))
    assert candle.price_sum == Decimal("999999999999999999.000000000001")


def test_of_one_microsecond_what_came_first_opens_and_what_came_last_closes(scene: Scene) -> None:
    scene.trade(Tick(5, price="1"), Tick(5, price="2"), Tick(5, price="3"))
    assert (scene.candles["AAPL", 0].open, scene.candles["AAPL", 0].close) == (Decimal(1), Decimal(3))


def test_a_trade_within_the_lateness_counts_and_a_later_one_is_left_to_the_tape(
    scene: Scene,
) -> None:
    scene.trade(Tick(1), Tick(64.999999))
    scene.trade(Tick(59, price="7"))
    assert (scene.counts()["AAPL", 0], scene.late) == (2, 0)
    scene.trade(Tick(65))
    scene.trade(Tick(58))
    assert (scene.counts()["AAPL", 0], scene.late) == (2, 1)


def test_a_partition_that_is_ahead_closes_nobody_elses_candle(two: Scene) -> None:
    two.trade(Tick(1), partition=0)
    two.trade(Tick(600, "MSFT"), partition=1)
    assert two.final() == set()
    two.trade(Tick(70), partition=0)
    assert two.final() == {("AAPL", 0)}


def test_silence_closes_what_is_over_by_the_clock_and_nothing_else(scene: Scene) -> None:
    now = NOON + 61 * SECOND
    scene.trade(Tick(58), Tick(60.5), now=now)
    scene.store(now + 2 * SECOND)
    assert scene.final() == set()
    scene.store(now + 3 * SECOND)
    assert scene.final() == {("AAPL", 0)}


def test_what_is_left_to_read_is_no_silence(scene: Scene) -> None:
    scene.produce(Tick(1), Tick(2))
    scene.read(count=1)
    scene.store(LATER + 10 * SECOND)
    assert scene.final() == set()


def test_at_the_end_all_that_is_over_closes_at_once(scene: Scene) -> None:
    scene.produce(Tick(1), Tick(61))
    scene.read(now=NOON + 70 * SECOND)
    scene.store(NOON + 70 * SECOND, ended=True)
    assert scene.final() == {("AAPL", 0)}


def test_a_clock_far_ahead_closes_nobodys_candle(scene: Scene) -> None:
    scene.trade(Tick(1), Tick(1e6, price="7"), now=NOON)
    scene.trade(Tick(2), now=NOON)
    assert scene.counts()["AAPL", 0] == 2
    assert (scene.final(), scene.late) == (set(), 0)


def test_a_candle_begun_before_a_restart_goes_on(scene: Scene) -> None:
    scene.trade(Tick(1, price="5"), Tick(2, price="3", volume="9999999999.99999999", buys=False))
    begun = scene.candles["AAPL", 0]
    again = Scene(lateness=5 * SECOND)
    again.forming.hold(0, 2, [begun], NOON)
    again.tapes, again.read_to = scene.tapes, {0: 2}
    again.trade(Tick(3, price="4"))
    assert summary(again.candles["AAPL", 0]) == expected(scene.tapes)["AAPL", 0]


def test_a_partition_that_goes_takes_its_candles_along(two: Scene) -> None:
    two.produce(Tick(1), partition=0)
    two.produce(Tick(1, "MSFT"), partition=1)
    two.read(partition=0)
    two.read(partition=1)
    two.forming.release(0)
    assert two.forming.partitions == {1}
    assert [candle.symbol for candle in two.store().candles] == ["MSFT"]


def test_memory_is_that_of_the_candles_that_form() -> None:
    scene = Scene(lateness=2 * SECOND)
    for minute in range(0, 5_000, 100):
        scene.trade(*(Tick(60 * (minute + step)) for step in range(100)), now=NOON + 500_000 * SECOND)
        assert len(scene.forming) <= 101
    assert len(scene.candles) == 5_000


prices = st.decimals("0.00000001", "9999999999.99999999", places=8).map(str)
ticks = st.builds(
    Tick,
    second=st.integers(0, 200).map(float),
    symbol=st.sampled_from(["AAPL", "MSFT", "BTC-USD"]),
    price=prices,
    volume=prices,
    buys=st.booleans(),
)


@given(tape=st.lists(ticks, min_size=1, max_size=60), size=st.integers(1, 20))
@settings(max_examples=200, deadline=None)
def test_whatever_the_order_and_the_batches_each_trade_in_time_counts_once(
    tape: list[Tick], size: int
) -> None:
    scene = Scene(lateness=300 * SECOND)
    scene.produce(*tape)
    for _ in range(0, len(tape), size):
        scene.read(count=size)
        scene.store()
    scene.store(ended=True)
    wanted = expected(scene.tapes)
    assert {key: summary(candle) for key, candle in scene.candles.items()} == wanted
    assert scene.final() == set(wanted)


@given(tape=st.lists(ticks, min_size=1, max_size=20))
@settings(max_examples=100, deadline=None)
def test_a_candle_is_taken_apart_and_put_together_again(tape: list[Tick]) -> None:
    scene = Scene(lateness=300 * SECOND)
    scene.trade(*tape)
    for candle in scene.candles.values():
        words = words_of(candle)
        assert words is not None
        assert candle_of(candle.symbol, candle.start, words.tolist(), is_final=candle.is_final) == candle


def test_an_empty_engine_has_nothing_to_say() -> None:
    assert Tumbling(lateness=0).changes(NOON, []).candles == []

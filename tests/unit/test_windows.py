"""Windows: when candles close, what restates them, and what counts."""

from decimal import Decimal

import pytest

from stockstream.market.windows_frame import SECOND
from tests.unit.windows_tape import LATER, NOON, Desk, Tick, expected, summary


@pytest.fixture
def desk() -> Desk:
    return Desk(lateness=5 * SECOND, skew=60 * SECOND, idle=3 * SECOND)


@pytest.fixture
def two() -> Desk:
    return Desk(partitions=(0, 1), lateness=5 * SECOND, skew=60 * SECOND, idle=3 * SECOND)


def test_a_candle_forms_and_closes_when_the_watermark_reaches_its_end(desk: Desk) -> None:
    desk.trade(Tick(1, price="10.5"), Tick(2, price="9"))
    assert (desk.counts(), desk.final()) == ({("AAPL", 0): 2}, set())
    desk.trade(Tick(60))
    assert desk.final() == {("AAPL", 0)}


def test_a_minute_begins_with_its_first_microsecond_and_ends_before_the_next(desk: Desk) -> None:
    desk.trade(Tick(0), Tick(59.999999), Tick(60), Tick(119.999999), Tick(120))
    assert desk.counts() == {("AAPL", 0): 2, ("AAPL", 60): 2, ("AAPL", 120): 1}


def test_a_candle_has_all_that_its_trades_tell(desk: Desk) -> None:
    desk.trade(
        Tick(3, price="10.10", volume="2", buys=True),
        Tick(1, price="12.00", volume="0.5", buys=False),
        Tick(2, price="9.99999999", volume="1", buys=True),
    )
    candle = desk.candles["AAPL", 0]
    assert candle.price_sum == Decimal("32.09999999")
    assert (candle.open, candle.high, candle.low) == (Decimal(12), Decimal(12), Decimal("9.99999999"))
    assert candle.close == Decimal("10.10")
    assert (candle.volume, candle.value) == (Decimal("3.5"), Decimal("36.19999999"))
    assert (candle.buy_volume, candle.sell_volume) == (Decimal(3), Decimal("0.5"))


def test_sums_keep_the_scale_of_their_summands_as_numeric_does(desk: Desk) -> None:
    desk.trade(Tick(1, price="1.15", volume="2.5"), Tick(2, price="1.85", volume="1.5"))
    candle = desk.candles["AAPL", 0]
    assert (str(candle.price_sum), str(candle.volume), str(candle.value)) == ("3.00", "4.0", "5.650")


def test_the_largest_and_smallest_amounts_add_up_exactly(desk: Desk) -> None:
    desk.trade(Tick(1, price="999999999999999999", volume="9999999999.99999999"), Tick(2, price="0.00000001"))
    assert summary(desk.candles["AAPL", 0]) == expected(desk.tapes)["AAPL", 0]


def test_at_one_microsecond_the_lower_offset_comes_first(desk: Desk) -> None:
    desk.trade(Tick(5, price="1"), Tick(5, price="2"), Tick(5, price="3"))
    assert (desk.candles["AAPL", 0].open, desk.candles["AAPL", 0].close) == (Decimal(1), Decimal(3))


def test_a_late_trade_restates_its_candle(desk: Desk) -> None:
    desk.trade(Tick(1), Tick(64.999999))
    assert desk.final() == {("AAPL", 0)}
    desk.trade(Tick(59, price="7"))
    assert (desk.counts()["AAPL", 0], desk.candles["AAPL", 0].close) == (2, Decimal(7))
    assert (desk.final(), desk.late) == ({("AAPL", 0)}, [])


def test_a_trade_after_the_allowed_lateness_is_counted_apart(desk: Desk) -> None:
    desk.trade(Tick(1), Tick(65))
    desk.trade(Tick(59))
    assert (desk.counts()["AAPL", 0], desk.late) == (1, [("AAPL", 0)])


def test_a_trade_is_late_by_the_trades_before_it_not_by_the_batch_it_came_in(desk: Desk) -> None:
    desk.trade(Tick(1), Tick(59), Tick(65), Tick(58))
    assert (desk.counts()["AAPL", 0], desk.late) == (2, [("AAPL", 0)])


def test_a_late_trade_of_a_minute_without_a_candle_is_counted_apart(desk: Desk) -> None:
    desk.trade(Tick(600), Tick(1, symbol="IBM"))
    assert desk.late == [("IBM", 0)]


def test_a_partition_that_is_ahead_closes_nobody_elses_candle(two: Desk) -> None:
    two.trade(Tick(1, symbol="IBM"), partition=1)
    two.trade(Tick(600))
    two.trade(Tick(2, symbol="IBM"), partition=1)
    assert (two.counts()["IBM", 0], two.final(), two.late) == (2, set(), [])


def test_a_partition_without_trades_holds_no_candle_open(two: Desk) -> None:
    two.trade(Tick(1), Tick(60))
    assert two.final() == {("AAPL", 0)}


def test_a_silent_symbol_closes_when_its_partition_is_quiet_and_its_minute_over(desk: Desk) -> None:
    desk.trade(Tick(58), now=NOON + 58 * SECOND)
    desk.store(NOON + 63 * SECOND - 1)
    assert desk.final() == set()
    desk.store(NOON + 63 * SECOND)
    assert desk.final() == {("AAPL", 0)}


def test_a_partition_with_messages_left_to_read_is_not_quiet(desk: Desk) -> None:
    desk.produce(Tick(1), Tick(2))
    desk.read(count=1, now=LATER)
    desk.store(LATER + 60 * SECOND)
    assert desk.final() == set()


def test_silence_makes_no_trade_late(desk: Desk) -> None:
    desk.trade(Tick(1))
    desk.store(LATER + 60 * SECOND)
    desk.trade(Tick(2), now=LATER + 61 * SECOND)
    assert (desk.counts(), desk.final(), desk.late) == ({("AAPL", 0): 2}, {("AAPL", 0)}, [])


def test_at_the_end_of_the_tape_every_minute_that_is_over_is_final(desk: Desk) -> None:
    desk.produce(Tick(1), Tick(61))
    desk.read(now=NOON + 100 * SECOND)
    desk.store(NOON + 100 * SECOND, ended=True)
    assert desk.final() == {("AAPL", 0)}
    desk.store(NOON + 120 * SECOND, ended=True)
    assert desk.final() == {("AAPL", 0), ("AAPL", 60)}


def test_a_time_far_ahead_counts_in_its_minute_and_closes_nothing(desk: Desk) -> None:
    now = NOON + 10 * SECOND
    desk.trade(Tick(1), Tick(86_400), Tick(2), now=now)
    assert desk.counts() == {("AAPL", 0): 2, ("AAPL", 86_400): 1}
    assert (desk.final(), desk.late) == (set(), [])


def test_a_restart_finds_a_trade_far_ahead_without_reading_back_to_it(desk: Desk) -> None:
    now = NOON + 200 * SECOND
    desk.trade(Tick(1), Tick(3_660, price="7"), Tick(199), now=now)
    assert (desk.marks[0].next_offset, desk.marks[0].rewind_offset) == (3, 2)
    desk.start(now)
    desk.trade(Tick(3_661, price="8"), Tick(3_730), Tick(3_662), now=LATER + 200 * SECOND)
    assert (desk.counts()["AAPL", 3_660], desk.candles["AAPL", 3_660].price_sum) == (2, Decimal(15))
    assert desk.late == [("AAPL", 3_660)]


def test_after_an_hour_of_silence_nothing_is_left_to_read_back_to(desk: Desk) -> None:
    desk.trade(Tick(1), now=NOON + 2 * SECOND)
    desk.store(NOON + 3_601 * SECOND)
    assert desk.marks[0].rewind_offset == 0
    desk.store(NOON + 3_660 * SECOND)
    assert (desk.marks[0].rewind_offset, desk.final()) == (1, {("AAPL", 0)})
    desk.trade(Tick(2), Tick(61))
    assert (desk.counts(), desk.late) == ({("AAPL", 0): 1, ("AAPL", 60): 1}, [("AAPL", 0)])


def test_a_clock_that_runs_ahead_does_not_make_the_others_late(desk: Desk) -> None:
    now = NOON + 50 * SECOND
    desk.trade(Tick(1), Tick(90), Tick(49, symbol="IBM"), now=now)
    assert (desk.counts()["IBM", 0], desk.final(), desk.late) == (1, set(), [])


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_repeated_trade_counts_once(desk: Desk, cut: int) -> None:
    desk.produce(Tick(1, name="a"), Tick(2, name="b"), Tick(1, name="a"), Tick(61, name="c"))
    desk.read(cut)
    desk.read()
    desk.store()
    assert desk.counts() == {("AAPL", 0): 2, ("AAPL", 60): 1}


def test_a_trade_repeated_with_another_time_counts_where_it_came_first(desk: Desk) -> None:
    desk.trade(Tick(3), Tick(61, name="a"), Tick(2, name="a"), Tick(62, name="b"))
    assert desk.counts() == {("AAPL", 0): 1, ("AAPL", 60): 2}


def test_one_trade_id_of_two_symbols_counts_for_both(desk: Desk) -> None:
    desk.trade(Tick(1, name="a"), Tick(1, name="a", symbol="IBM"))
    assert desk.counts() == {("AAPL", 0): 1, ("IBM", 0): 1}


def test_a_symbol_in_two_partitions_closes_by_the_one_behind(two: Desk) -> None:
    two.trade(Tick(1, price="1"))
    two.trade(Tick(2, price="2"), partition=1)
    two.trade(Tick(200))
    assert two.final() == set()
    two.trade(Tick(3, price="3"), partition=1)
    assert (two.counts()["AAPL", 0], two.candles["AAPL", 0].close) == (3, Decimal(3))
    two.trade(Tick(130), partition=1)
    assert two.final() == {("AAPL", 0)}


def test_a_partition_that_falls_silent_does_not_hold_a_shared_symbol(two: Desk) -> None:
    two.trade(Tick(1))
    two.trade(Tick(2), partition=1)
    two.trade(Tick(200), now=LATER + 60 * SECOND)
    assert two.final() == {("AAPL", 0)}
    two.start(LATER + 60 * SECOND)
    two.trade(Tick(3), partition=1, now=LATER + 61 * SECOND)
    two.trade(Tick(201), now=LATER + 61 * SECOND)
    assert (two.counts()["AAPL", 0], two.late) == (2, [("AAPL", 0)])


def test_only_what_changed_is_given_out(desk: Desk) -> None:
    desk.trade(Tick(1), Tick(1, symbol="IBM"))
    desk.produce(Tick(2))
    desk.read()
    assert [candle.symbol for candle in desk.store().candles] == ["AAPL"]
    assert desk.store().candles == []


def test_what_is_read_again_after_a_restart_is_no_more_than_the_windows_held(desk: Desk) -> None:
    desk.trade(Tick(1), Tick(2), Tick(61), Tick(130))
    assert (desk.marks[0].next_offset, desk.marks[0].rewind_offset) == (4, 3)


def test_a_restart_builds_the_held_windows_again_and_leaves_the_others_alone(desk: Desk) -> None:
    desk.trade(Tick(61), Tick(1), Tick(63), Tick(130), Tick(125, price="5"), Tick(128))
    before = dict(desk.candles)
    desk.start(LATER)
    desk.read(2)
    assert desk.store().candles == []
    desk.read()
    desk.store()
    assert (desk.candles, desk.late) == (before, [])
    desk.trade(Tick(131), Tick(126))
    assert desk.counts() == {("AAPL", 0): 1, ("AAPL", 60): 2, ("AAPL", 120): 5}


def test_a_partition_that_goes_takes_its_share_along_and_brings_it_back(two: Desk) -> None:
    two.trade(Tick(1))
    two.trade(Tick(1, symbol="IBM"), partition=1)
    two.windows.release(1)
    assert two.windows.partitions == {0}
    two.windows.hold(1, two.marks[1], LATER)
    two.read_to[1] = two.marks[1].rewind_offset
    two.trade(Tick(2, symbol="IBM"), partition=1)
    assert two.counts() == {("AAPL", 0): 1, ("IBM", 0): 2}


def test_a_window_whose_trades_are_gone_from_the_topic_is_left_alone(desk: Desk) -> None:
    desk.trade(Tick(1), Tick(61), Tick(62), Tick(63), now=NOON + 64 * SECOND)
    before = dict(desk.candles)
    desk.start(NOON + 70 * SECOND)
    desk.read_to[0] = 3
    desk.trade(Tick(64), Tick(181), now=NOON + 200 * SECOND)
    assert {key: candle for key, candle in desk.candles.items() if key in before} == before
    assert (desk.counts()["AAPL", 180], desk.late) == (1, [("AAPL", 60)])

"""Each score keeps to the law that its docstring names."""

from dataclasses import replace

import numpy as np
import pytest

from stockstream.market.anomalies.features import pace
from stockstream.market.anomalies.features.arrival_scan import crowd_z
from stockstream.market.anomalies.features.jumps import jump_z
from stockstream.market.anomalies.features.table import LOOKBACK, NAMES, features
from stockstream.market.anomalies.features.trade_window import Floats, TradeWindow, of_rows
from stockstream.market.anomalies.rules.sequences import repeated_size, same_side
from tests.anomaly_tape import quiet

SECOND = 10**6
STILL = np.zeros(900)
NOBODY = np.zeros(900, np.int64)


def diffusing(trades: int, half_spread: float, seed: int = 3) -> TradeWindow:
    """Return a tape whose middle diffuses with time, over pauses that differ, around a spread."""
    rng = np.random.default_rng(seed)
    pauses = rng.exponential(1.0, trades)
    middle = np.cumsum(1e-4 * np.sqrt(pauses) * rng.normal(size=trades))
    buy = rng.random(trades) < 0.5
    price = 100 * np.exp(middle + np.where(buy, half_spread, -half_spread))
    micros = np.cumsum(pauses * SECOND).astype(np.int64)
    rows = zip(micros.tolist(), price.tolist(), [1.0] * trades, buy.tolist(), strict=True)
    return of_rows("X", [(*row, str(i), "s") for i, row in enumerate(rows)])


def jumps(tape: TradeWindow) -> Floats:
    return jump_z(tape, pace.relative(tape), pace.PAUSES, LOOKBACK)[LOOKBACK:]


def test_a_spread_however_wide_is_no_jump() -> None:
    narrow, wide = (np.abs(jumps(diffusing(4_000, spread))) for spread in (0.0, 5e-4))
    assert np.quantile(wide, 0.99) == pytest.approx(np.quantile(narrow, 0.99), rel=0.15)


def test_long_pauses_have_no_more_jumps_than_short_ones() -> None:
    tape = diffusing(8_000, 5e-5)
    long = pace.relative(tape)[LOOKBACK:] > 1.0
    far = np.abs(jumps(tape)) > 2.5
    assert np.mean(far[long]) < 2.5 * np.mean(far[~long]) + 0.005


@pytest.mark.parametrize("times", [1, 100])
def test_a_crowd_is_told_by_its_pace_and_not_by_its_seconds(times: int) -> None:
    pauses = np.full(len(STILL), SECOND * times)
    pauses[560:590] //= 10
    score, width = crowd_z(pauses, pace.usual(pauses), STILL, NOBODY, LOOKBACK)
    deviance = 2 * (24 * np.log(10) - 24 * 0.9)
    assert score[583] == pytest.approx(np.sqrt(deviance), rel=1e-3)
    assert width[583] == 24
    assert abs(score[555]) < 1e-6


def test_a_market_that_moves_faster_is_no_crowd() -> None:
    pauses = np.full(len(STILL), SECOND)
    pauses[560:640] //= 4
    returns = np.random.default_rng(5).normal(scale=1e-4, size=len(STILL))
    is_fast = pauses < SECOND
    moving, crowd = (
        crowd_z(pauses, pace.usual(pauses), np.where(is_fast, returns * times, returns), NOBODY, LOOKBACK)[0]
        for times in (1.25, 0.25)
    )
    assert crowd[560:640].max() == pytest.approx(np.sqrt(2 * 48 * (np.log(4) - 0.75)), rel=0.02)
    assert moving[560:640].max() < 6.5


def test_trades_of_one_moment_and_a_gap_of_days_are_no_crowd() -> None:
    pauses = np.zeros(900, np.int64)
    assert not crowd_z(pauses, pace.usual(pauses), STILL, NOBODY, LOOKBACK)[0].any()
    nights = np.full(900, SECOND)
    nights[450] = 3 * 86_400 * SECOND
    assert np.abs(crowd_z(nights, pace.usual(nights), STILL, NOBODY, LOOKBACK)[0]).max() < 4


def test_the_speed_at_which_a_tape_is_handed_over_changes_no_feature() -> None:
    tape = quiet(1_500)
    slow = features(replace(tape, micros=tape.micros * 1_000))
    np.testing.assert_allclose(features(tape), slow, rtol=0.02, atol=0.02)


def test_a_common_size_is_repeated_more_often_than_a_rare_one() -> None:
    sizes = np.random.default_rng(1).choice([100.0, 200.0, 700.0], size=600, p=[0.6, 0.38, 0.02])
    sizes[569] = 200.0
    score = []
    for size in (100.0, 700.0):
        sizes[570:576] = size
        rows = [(i * SECOND, 1.0, each, i % 3 == 0, str(i), "s") for i, each in enumerate(sizes.tolist())]
        score.append(repeated_size(of_rows("X", rows)).score[575 - LOOKBACK])
    share = np.mean(sizes[420:570] == 700.0)
    assert score[1] == pytest.approx(-5 * np.log10((150 * share + 1) / 152), rel=0.05)
    assert score[1] > 4 * score[0]


def test_a_run_of_large_trades_surprises_more_and_one_large_trade_does_not() -> None:
    rng = np.random.default_rng(2)
    buy = rng.random(600) < 0.5
    buy[569], buy[570:585] = False, True
    usual = np.exp(rng.normal(5, 1, 600))
    large, single = usual.copy(), usual.copy()
    large[570:585] *= 3
    single[577] *= 1e4
    scores = []
    for sizes in (usual, large, single):
        rows = [(i * SECOND, 1.0, sizes[i], 1 if buy[i] else -1, str(i), "s") for i in range(600)]
        scores.append(same_side(of_rows("X", rows)).score[584 - LOOKBACK])
    assert scores[1] > scores[0] + 2
    assert scores[2] < scores[0] + 1


def test_the_tilts_of_sizes_are_a_fair_bet() -> None:
    rng = np.random.default_rng(4)
    rows = [(i * SECOND, 1.0, float(np.exp(rng.normal(5, 1))), 1, str(i), "s") for i in range(6_000)]
    gained = 10 ** same_side(of_rows("X", rows)).sizes
    # By Ville's inequality a fair bet reaches ten within a run for one in ten at most.
    assert np.mean(gained >= 10) < 0.1


def test_a_feature_s_name_stands_where_its_column_does() -> None:
    tape = quiet(700)
    rows = features(tape)
    own = jump_z(tape, pace.relative(tape), pace.PAUSES, LOOKBACK)
    np.testing.assert_array_equal(rows[:, NAMES.index("jump_z")], own[LOOKBACK:])


def test_what_all_symbols_do_is_no_crowd_and_what_one_does_is() -> None:
    pauses = np.full(len(STILL), SECOND)
    pauses[560:608] //= 4
    opening, burst = np.full(len(STILL), 10), np.full(len(STILL), 10)
    burst[560:608] = 2
    together, alone = (
        crowd_z(pauses, pace.usual(pauses), STILL, np.cumsum(steps), LOOKBACK)[0]
        for steps in (opening, burst)
    )
    assert together.max() < 0.5
    share, usual = 0.5, 0.1
    root = np.sqrt(2 * 48 * (np.log(share / usual) + np.log((1 - share) / (1 - usual))))
    assert alone[607] == pytest.approx(root, rel=0.02)


def test_a_symbol_is_no_crowd_because_the_others_stand_still() -> None:
    pauses = np.full(len(STILL), SECOND)
    market = np.cumsum(np.where(np.arange(len(STILL)) >= 560, 1, 10))
    assert crowd_z(pauses, pace.usual(pauses), STILL, market, LOOKBACK)[0].max() < 0.5


def test_a_market_that_is_not_known_far_enough_back_is_none() -> None:
    pauses = np.full(len(STILL), SECOND)
    pauses[560:608] //= 4
    market = np.where(np.arange(len(STILL)) < 500, 0, np.cumsum(np.full(len(STILL), 10)))
    usual = pace.usual(pauses)
    partly, nothing = (crowd_z(pauses, usual, STILL, each, LOOKBACK)[0] for each in (market, NOBODY))
    np.testing.assert_array_equal(partly[560:608], nothing[560:608])

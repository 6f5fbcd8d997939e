"""Features: causal, finite, and the same live as over a whole tape."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from stockstream.market.anomalies.features.table import LOOKBACK, NAMES, features
from stockstream.market.anomalies.features.trade_window import TradeWindow, of_rows
from tests.anomaly_tape import labelled, quiet


def flat(trades: int, micros: int = 1_000_000) -> TradeWindow:
    """Return a window in which nothing changes."""
    return of_rows("FLAT", [(i * micros, 100.0, 10.0, 1, str(i), "test") for i in range(trades)])


def test_features_of_micro_batches_are_those_of_the_whole_tape() -> None:
    tape, _ = labelled("AAPL", 3_000, seed=3)
    whole = features(tape)
    at, rng, live = LOOKBACK, np.random.default_rng(5), []
    while at < len(tape):
        end = min(at + int(rng.integers(1, 40)), len(tape))
        live.append(features(tape[at - LOOKBACK : end]))
        at = end
    assert_allclose(np.concatenate(live), whole, rtol=1e-9, atol=1e-9)


def test_no_feature_looks_ahead() -> None:
    tape, _ = labelled("AAPL", 1_000, seed=3)
    later = np.arange(len(tape)) > 700
    other = replace(
        tape,
        price=np.where(later, tape.price * 3, tape.price),
        volume=np.where(later, tape.volume * 50, tape.volume),
        side=np.where(later, -tape.side, tape.side),
        micros=np.where(later, tape.micros + 10**12, tape.micros),
    )
    known = 701 - LOOKBACK
    assert_array_equal(features(tape)[:known], features(other)[:known])
    assert np.all(np.any(features(tape)[known:] != features(other)[known:], axis=1))


def test_every_feature_moves() -> None:
    assert np.all(features(quiet(2_000)).std(axis=0) > 0)


@pytest.mark.parametrize("trades", [0, 1, 2, LOOKBACK - 1, LOOKBACK])
def test_a_trade_without_enough_before_it_has_no_features(trades: int) -> None:
    assert features(flat(trades)).shape == (0, len(NAMES))


def test_the_first_trade_with_enough_before_it_has_features() -> None:
    assert features(flat(LOOKBACK + 1)).shape == (1, len(NAMES))


@pytest.mark.parametrize("micros", [0, 1, 10**12])
def test_one_price_and_one_size_are_ordinary_at_any_pace(micros: int) -> None:
    rows = features(flat(600, micros))
    still = [NAMES.index(name) for name in NAMES if name != "imbalance"]
    assert_allclose(rows[:, still], 0.0, atol=1e-6)


def test_ten_trades_in_a_microsecond_a_gap_of_days_and_a_late_trade_are_numbers() -> None:
    tape = quiet(1_000)
    micros = tape.micros.copy()
    micros[500:510] = micros[500]
    micros[600:] += 5 * 86_400 * 10**6
    micros[700] -= 10**9
    assert np.isfinite(features(replace(tape, micros=micros))).all()


def test_the_first_tick_after_a_long_standstill_is_finite() -> None:
    tape = flat(700)
    price = tape.price.copy()
    price[500] = 100.01
    rows = features(replace(tape, price=price))
    assert np.isfinite(rows).all()
    assert abs(rows[500 - LOOKBACK, NAMES.index("return_z")]) == pytest.approx(1.0, rel=1e-3)


def test_extremes_of_the_contract_are_numbers() -> None:
    tape = quiet(1_000)
    price, volume = tape.price.copy(), tape.volume.copy()
    price[500:510], volume[520:530] = 1e-8, 1e18
    assert np.isfinite(features(replace(tape, price=price, volume=volume))).all()


def test_prices_through_zero_have_features_too() -> None:
    tape = quiet(900)
    oil = replace(tape, price=np.where(np.arange(900) < 600, tape.price, 37.63 - tape.price))
    assert (oil.price < 0).any()
    assert np.isfinite(features(oil)).all()


def test_unknown_sides_are_on_neither_side() -> None:
    tape = quiet(900)
    found = features(replace(tape, side=np.zeros(900, np.int8)))
    assert not found[:, NAMES.index("imbalance")].any()
    assert np.isfinite(found).all()


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 0.0, -1.0])
def test_a_row_that_is_no_measure_is_left_out(bad: float) -> None:
    rows = [(0, 1.0, 1.0, 1, "a", "s"), (1, bad, 1.0, 1, "b", "s"), (2, 1.0, bad, 1, "c", "s")]
    priced = ["b"] if np.isfinite(bad) else []
    assert of_rows("X", rows).trade_ids.tolist() == ["a", *priced]

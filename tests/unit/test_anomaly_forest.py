"""The forest scores as the one it was made from, and the budget sets the threshold."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.ensemble import IsolationForest  # type: ignore[import-untyped]  # it ships no types

from stockstream.market.anomalies.models.forest import SAMPLE, TREES, grow
from stockstream.market.anomalies.models.threshold import at_budget


@pytest.mark.parametrize("rows", [3, 256, 5_000])
def test_scores_are_those_of_the_library(rows: int) -> None:
    rng = np.random.default_rng(7)
    fitted, asked = rng.standard_t(3, size=(rows, 4)), rng.standard_t(3, size=(500, 4))
    library = IsolationForest(n_estimators=TREES, max_samples=min(SAMPLE, rows), random_state=7).fit(fitted)
    assert_allclose(grow(fitted, seed=7).score(asked), -library.score_samples(asked), rtol=1e-9)


def test_no_rows_have_no_scores() -> None:
    assert grow(np.zeros((300, 2)), seed=1).score(np.empty((0, 2))).shape == (0,)


@pytest.mark.parametrize("share", [1e-2, 1e-3, 2e-4])
def test_a_heavy_tail_spends_the_budget_and_not_three_times_as_much(share: float) -> None:
    rng = np.random.default_rng(3)
    limit = at_budget(np.abs(rng.standard_t(4, size=3_000)), share, floor=0.0)
    passed = np.mean(np.abs(rng.standard_t(4, size=1_000_000)) >= limit)
    assert share / 10 <= passed <= share * 3


def test_anomalies_in_the_slice_do_not_set_the_threshold() -> None:
    rng = np.random.default_rng(3)
    clean = np.abs(rng.normal(size=5_000))
    with_spikes = clean.copy()
    with_spikes[::100] = 80.0
    assert at_budget(with_spikes, 2e-4, 0.0) < 1.5 * at_budget(clean, 2e-4, 0.0)


def test_few_scores_say_nothing() -> None:
    assert at_budget(np.arange(99.0), 1e-3, floor=4.0) == 4.0

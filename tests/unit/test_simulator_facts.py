"""The simulated market has the stylised facts of real ones (Cont, 2001), for any of a few seeds."""

from itertools import combinations

import numpy as np
import pytest

from stockstream.market.simulator import Factors, Injection, Market, Tape, Terms, listed
from stockstream.market.simulator.tape import Floats, Ints

RATE = 2.0
BLOCKS = 500
GRID = 30.0  # seconds a return


def calm(seed: int, rate: float = RATE, blocks: int = BLOCKS) -> list[Tape]:
    """A window of market without anomalies."""
    market = Market(np.random.default_rng(seed), listed(10), rate, Injection(share=0.0))
    return [market.next_block() for _ in range(blocks)]


def log_returns(tapes: list[Tape]) -> Floats:
    """Returns on an even grid of time: an array of shape (symbols, steps)."""
    at = np.concatenate([tape.at for tape in tapes])
    symbol = np.concatenate([tape.symbol for tape in tapes])
    log_price = np.log(np.concatenate([tape.cents for tape in tapes]))
    grid = np.arange(60.0, at[-1], GRID)
    last = [
        log_price[symbol == each][np.searchsorted(at[symbol == each], grid) - 1]
        for each in range(len(tapes[0].symbols))
    ]
    return np.diff(np.array(last), axis=1)


def autocorrelation(series: Floats, lag: int = 1) -> float:
    centred = series - series.mean()
    return float((centred[lag:] * centred[:-lag]).mean() / (centred**2).mean())


@pytest.fixture(scope="module", params=[1, 2, 3])
def returns(request: pytest.FixtureRequest) -> Floats:
    return log_returns(calm(request.param))


def test_returns_have_heavy_tails(returns: Floats) -> None:
    scaled = returns / returns.std(axis=1, keepdims=True)
    assert np.all((scaled**4).mean(axis=1) > 3.5)


def test_volatility_comes_in_clusters(returns: Floats) -> None:
    sizes = [np.mean([autocorrelation(np.abs(each), lag) for lag in range(1, 6)]) for each in returns]
    assert np.mean(sizes) > 0.08
    assert min(sizes) > 0.02


def test_returns_do_not_foretell_the_next(returns: Floats) -> None:
    assert abs(np.mean([autocorrelation(each) for each in returns])) < 0.06


def test_symbols_of_a_sector_move_together_more_than_others(returns: Floats) -> None:
    correlation = np.asarray(np.corrcoef(returns))
    sectors = [listing.sector for listing in listed(10)]
    pairs = list(combinations(range(10), 2))
    within = np.mean([correlation[a, b] for a, b in pairs if sectors[a] == sectors[b]])
    across = np.mean([correlation[a, b] for a, b in pairs if sectors[a] != sectors[b]])
    assert within > across + 0.05 > 0.15


@pytest.mark.parametrize("asked", [0.0, 0.3, 0.5])
def test_correlation_is_near_the_asked_one(asked: float) -> None:
    factors = Factors(market=asked, sector=0.2)
    market = Market(np.random.default_rng(12), listed(10), 20.0, Injection(0.0), Terms(factors))
    correlation = np.asarray(np.corrcoef(log_returns([market.next_block() for _ in range(BLOCKS)])))
    sectors = [listing.sector for listing in listed(10)]
    pairs = list(combinations(range(10), 2))
    across = [correlation[a, b] for a, b in pairs if sectors[a] != sectors[b]]
    within = [correlation[a, b] for a, b in pairs if sectors[a] == sectors[b]]
    assert np.mean(across) == pytest.approx(asked, abs=0.1)
    assert np.mean(within) == pytest.approx(asked + 0.2, abs=0.1)


def test_a_session_opens_and_closes_in_a_burst_at_the_same_mean_rate() -> None:
    terms = Terms(session=600.0)
    market = Market(np.random.default_rng(13), listed(10), 100.0, Injection(0.0), terms)
    at = np.concatenate([market.next_block().at for _ in range(20)])
    assert np.all(np.diff(at) >= 0)
    sessions: Ints = np.histogram(at, [0.0, 600.0, 1200.0])[0]
    assert sessions.tolist() == pytest.approx([60_000, 60_000], abs=100)
    opening, noon, closing = (np.sum((at >= a) & (at < a + 60)) for a in (0.0, 270.0, 540.0))
    assert min(opening, closing) > 2 * noon


def test_trades_bounce_between_bid_and_ask() -> None:
    tapes = calm(4, rate=1000.0, blocks=10)
    apple = [tape.cents[tape.symbol == 0] for tape in tapes]
    assert np.mean([autocorrelation(np.diff(np.log(cents))) for cents in apple]) < -0.05


def test_a_buyer_pays_more_than_a_seller_gets() -> None:
    (tape,) = calm(5, rate=10_000.0, blocks=1)
    for each in range(10):
        bought, sold = (tape.cents[(tape.symbol == each) & (tape.buy == side)] for side in (True, False))
        assert np.mean(bought) > np.mean(sold)


@pytest.mark.parametrize("rate", [0.3, 2.0, 100.0, 10_000.0])
def test_the_mean_rate_of_arrivals_is_the_asked_one(rate: float) -> None:
    market = Market(np.random.default_rng(6), listed(10), rate)
    at = np.concatenate([market.next_block().at for _ in range(5)])
    assert np.all(np.diff(at) >= 0)
    assert at.size / rate == pytest.approx(at[-1], rel=0.2 / np.sqrt(at.size), abs=1 / rate)


def test_each_second_has_its_exact_share_of_arrivals() -> None:
    (tape,) = calm(7, rate=100.0, blocks=1)
    counts: Ints = np.histogram(tape.at, np.arange(0, 61))[0]
    assert set(counts.tolist()) == {100}


def test_trades_bring_trades() -> None:
    (tape,) = calm(8, rate=100.0, blocks=1)
    counts = np.histogram(tape.at, np.arange(0, 60.05, 0.1))[0]
    # A Poisson process has as much variance as mean.
    assert counts.var() / counts.mean() > 1.3


def test_sizes_are_round_lots_with_a_long_tail() -> None:
    (tape,) = calm(9, rate=10_000.0, blocks=1)
    assert np.all(tape.volume > 0)
    assert np.all(tape.volume % 100 == 0)
    assert tape.volume.mean() > 1.2 * np.median(tape.volume)

"""The market around a symbol: unrest that all share is no finding, a jump of one is."""

from dataclasses import replace

import numpy as np
import pytest

from stockstream.market.anomalies.detector import Detector
from stockstream.market.anomalies.ensemble import Ensemble
from stockstream.market.anomalies.features.market_book import MarketBook
from stockstream.market.anomalies.features.market_context import (
    MOST,
    NEIGHBOURS,
    NOBODY,
    RECENT,
    MarketContext,
    market_context_of,
)
from stockstream.market.anomalies.features.trade_window import Floats, TradeWindow, of_rows
from stockstream.market.anomalies.finding import Finding
from stockstream.market.anomalies.models.model import fit
from stockstream.market.anomalies.models.thresholds import FASTER
from stockstream.market.anomalies.scores import score
from tests.anomaly_tape import quiet

SYMBOLS = ("A", "B", "C", "D", "E")
TRADES, CHANGE = 3_000, 2_500


def tape(symbol: str, number: int, moves: Floats) -> TradeWindow:
    """Return a tape of a trade a second, each symbol a little after the one before."""
    rng = np.random.default_rng(number)
    price = 100 * np.exp(np.cumsum(moves))
    rows = [
        (
            at * 10**6 + number * 10**5,
            price[at],
            float(rng.integers(80, 120)),
            2 * int(rng.integers(2)) - 1,
            str(at),
            "s",
        )
        for at in range(len(moves))
    ]
    return of_rows(symbol, rows)


def market(wilder: float) -> list[TradeWindow]:
    """Return five symbols' tapes, all of which move so many times as far from CHANGE on."""
    scale = np.where(np.arange(TRADES) < CHANGE, 1e-4, 1e-4 * wilder)
    return [
        tape(symbol, number, np.random.default_rng(50 + number).normal(0, scale))
        for number, symbol in enumerate(SYMBOLS)
    ]


def jumps(own: TradeWindow, around: MarketContext) -> list[Finding]:
    """Return what a model of the calm finds in the prices after it."""
    model = fit(around.around(own)[:CHANGE])
    found = Detector(own[:CHANGE], Ensemble(model)).examine(own[CHANGE:], lambda _first, _last: around)
    return [each for each in found if each.kind.startswith("price_")]


def test_what_shakes_all_symbols_at_once_is_no_finding_of_each() -> None:
    tapes = market(wilder=10.0)
    alone = [found for own in tapes for found in jumps(own, NOBODY)]
    within = [found for own in tapes for found in jumps(own, market_context_of(tapes))]
    assert len(alone) >= len(tapes)
    assert len(within) < len(alone) / 2, (alone, within)


def test_a_jump_of_one_symbol_is_found_within_its_market_too() -> None:
    tapes = market(wilder=1.0)
    price = tapes[0].price.copy()
    price[2_700:] *= 1.002
    tapes[0] = replace(tapes[0], price=price)
    assert [each.trade_id for each in jumps(tapes[0], market_context_of(tapes))] == ["2700"]
    assert not any(jumps(own, market_context_of(tapes)) for own in tapes[1:])


def test_unrest_is_the_mean_surprise_of_the_others_last_trades() -> None:
    tapes = market(wilder=4.0)
    around = market_context_of(tapes)
    own = around.around(tapes[2])
    row = CHANGE + 7
    others = [
        (at, surprise)
        for at, surprise, symbol in zip(around.micros, around.surprises, around.symbols, strict=True)
        if symbol != 2 and at <= own.micros[row]
    ]
    mean = np.mean([surprise for _, surprise in others[-NEIGHBOURS:]])
    assert own.unrest[row] == pytest.approx(mean, rel=1e-9)
    assert mean > 2


def test_a_symbol_alone_and_a_market_too_short_are_calm() -> None:
    tapes = market(wilder=4.0)
    assert (market_context_of(tapes[:1]).around(tapes[0]).unrest == 1).all()
    assert (market_context_of(tapes).around(tapes[0]).unrest[:RECENT] == 1).all()
    assert (NOBODY.around(tapes[0]).unrest == 1).all()


def test_one_gross_trade_of_another_symbol_is_not_unrest_without_end() -> None:
    tapes = market(wilder=1.0)
    price = tapes[1].price.copy()
    price[2_700] *= 10
    own = market_context_of([tapes[0], replace(tapes[1], price=price), *tapes[2:]]).around(tapes[0])
    # The trade and its way back.
    assert own.unrest.max() < (2 * MOST + 5 * NEIGHBOURS) / NEIGHBOURS
    assert own.unrest[2_720:].max() < 3


def test_a_book_keeps_the_newest_in_bounded_room_and_tells_the_same() -> None:
    tapes, book = market(wilder=4.0), MarketBook(most=4_000)
    for at in range(0, TRADES, 100):
        for number, each in enumerate(tapes):
            book.add(number % 2, each[at : at + 100])
    whole, first = market_context_of(tapes), int(tapes[0].micros[2_400])
    kept = book.between(first, int(tapes[-1].micros[-1]))
    assert kept.micros.tolist() == whole.micros[whole.micros >= first].tolist()
    own = tapes[3][2_400:]
    assert kept.around(own).unrest == pytest.approx(whole.around(own).unrest, rel=1e-9)
    assert len(book.between(0, first)) < len(whole) / 2


def test_at_a_faster_pace_fewer_trades_may_be_told() -> None:
    model, calm = fit(quiet(8_000)), quiet(4_000, seed=8)
    fast = replace(calm, micros=calm.micros // int(FASTER))
    usual, raised = (Ensemble(model).limits(scores) for scores in (score(calm, model), score(fast, model)))
    for method, limits in raised.items():
        assert (limits >= usual[method]).all(), method
    assert np.median(raised["zscore_size"] / usual["zscore_size"]) > 1.02
    card = model.card
    assert np.median(raised["zscore_size"]) == pytest.approx(card.faster["zscore_size"], rel=0.05)

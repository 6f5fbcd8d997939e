"""The detector: what it finds, what it leaves alone, and that cutting the stream changes nothing."""

import re
from dataclasses import fields, replace

import numpy as np
import pytest

from stockstream.errors import TooFewTradesError
from stockstream.market.anomalies.detector import Detector
from stockstream.market.anomalies.ensemble import Ensemble
from stockstream.market.anomalies.features.market_book import MarketBook
from stockstream.market.anomalies.features.market_context import market_context_of
from stockstream.market.anomalies.features.table import CONTEXT, LOOKBACK, NAMES
from stockstream.market.anomalies.features.trade_window import TradeWindow, of_rows
from stockstream.market.anomalies.finding import Finding
from stockstream.market.anomalies.models.model import FEWEST_TRADES, POOLED, Model, fit, fit_together
from stockstream.market.anomalies.rules.sequences import alternating, same_side
from stockstream.market.anomalies.scores import score
from tests.anomaly_tape import labelled, quiet

NOTHING = of_rows("AAPL", [])


@pytest.fixture(scope="module")
def model() -> Model:
    """Return a model of a quiet tape."""
    return fit(quiet(4_000))


def examined(tape: TradeWindow, ensemble: Ensemble, size: int) -> list[Finding]:
    """Examine a tape in batches of one size."""
    detector = Detector(NOTHING, ensemble)
    return [each for at in range(0, len(tape), size) for each in detector.examine(tape[at : at + size])]


def test_no_column_that_a_detector_reads_is_the_label() -> None:
    assert [field.name for field in fields(TradeWindow)] == [
        "symbol",
        "micros",
        "price",
        "volume",
        "side",
        "trade_ids",
        "sources",
        "market",
        "unrest",
    ]


def test_a_stream_within_its_market_finds_what_the_whole_tape_does(model: Model) -> None:
    tape, _ = labelled("AAPL", 3_000, seed=11, share=0.04)
    others = [labelled(symbol, 3_000, 11, 0.04)[0] for symbol in ("MSFT", "NVDA")]
    market = market_context_of([tape, *others])
    whole = Detector(NOTHING, Ensemble(model)).examine(tape, lambda _first, _last: market)
    book, detector, found = MarketBook(), Detector(NOTHING, Ensemble(model)), list[Finding]()
    for at in range(0, len(tape), 211):
        batch = tape[at : at + 211]
        since = tape.micros[at - 1] if at else -1
        for number, each in enumerate((tape, *others)):
            is_new = (each.micros > since) & (each.micros <= batch.micros[-1])
            book.add(number, each[is_new])
        found += detector.examine(batch, book.between)
    assert [replace(each, score=0.0) for each in found] == [replace(each, score=0.0) for each in whole]


@pytest.mark.parametrize("with_model", [False, True])
def test_how_the_stream_is_cut_changes_no_finding(model: Model, *, with_model: bool) -> None:
    tape, _ = labelled("AAPL", 3_000, seed=11, share=0.04)
    ensemble = Ensemble(model if with_model else None)
    whole, batches = (examined(tape, ensemble, size) for size in (len(tape), 37))
    assert whole
    assert [replace(each, score=0.0) for each in batches] == [replace(each, score=0.0) for each in whole]
    assert [each.score for each in batches] == pytest.approx([each.score for each in whole], rel=1e-9)


def test_a_restart_with_its_context_changes_no_finding(model: Model) -> None:
    tape, _ = labelled("AAPL", 3_000, seed=11, share=0.04)
    whole = examined(tape, Ensemble(model), len(tape))
    before = examined(tape[:1_400], Ensemble(model), 1_400)
    after = Detector(tape[:1_400], Ensemble(model)).examine(tape[1_400:])
    assert [each.trade_id for each in before + after] == [each.trade_id for each in whole]


def test_the_warm_up_finds_nothing() -> None:
    tape = quiet(CONTEXT)
    volume = tape.volume.copy()
    volume[-1] = 1e9
    assert Detector(NOTHING, Ensemble()).examine(replace(tape, volume=volume)) == []


def test_a_large_trade_is_found_and_told_in_numbers() -> None:
    tape = quiet(800)
    volume = tape.volume.copy()
    volume[600] = 10_000_000
    (found,) = (
        each
        for each in Detector(NOTHING, Ensemble()).examine(replace(tape, volume=volume))
        if each.trade_id == tape.trade_ids[600]
    )
    assert found.kind == "volume_spike"
    assert found.methods[0] == "zscore_size"
    assert found.score > found.threshold
    times = 10_000_000 / float(np.exp(np.median(np.log(tape.volume[200:600]))))
    assert found.explanation == f"volume 10,000,000 is {times:,.3g} times the median of the last 400 trades"


def test_a_price_spike_is_found_and_its_way_back_is_not(model: Model) -> None:
    tape = quiet(800)
    price = tape.price.copy()
    price[600] *= 1.05
    found = Detector(NOTHING, Ensemble(model)).examine(replace(tape, price=price))
    ids = [each.trade_id for each in found if each.kind == "price_spike"]
    assert tape.trade_ids[600] in ids
    assert tape.trade_ids[601] not in ids


def test_a_trade_that_is_met_again_is_examined_once() -> None:
    tape = quiet(800)
    volume = tape.volume.copy()
    volume[600] = 10_000_000
    tape = replace(tape, volume=volume)
    detector = Detector(NOTHING, Ensemble())
    first = detector.examine(tape[:650])
    again = detector.examine(tape[580:650])
    assert [each.trade_id for each in first] == [tape.trade_ids[600]]
    assert again == []


def test_a_long_run_on_one_side_is_one_finding_that_names_its_chance() -> None:
    tape = quiet(800)
    rng = np.random.default_rng(5)
    buy = rng.random(len(tape)) < 0.5
    buy[599], buy[600:640], buy[640] = False, True, False
    side = np.where(buy, 1, -1).astype(np.int8)
    runs = [
        each
        for each in Detector(NOTHING, Ensemble()).examine(replace(tape, side=side))
        if each.kind == "one_sided_run"
    ]
    assert [(each.start, each.trade_id) for each in runs] == [(tape.moment(600), None)]
    assert re.search(r"BUY trades in a row, .* have a probability of", runs[0].explanation)


def test_the_chance_of_a_run_is_the_product_of_its_trades_chances() -> None:
    sides = [1, 1, -1, -1] * 150 + [1] * 5
    rows = [(i * 10**6, 1.0, 1.0, side, str(i), "s") for i, side in enumerate(sides)]
    streaks = same_side(of_rows("X", rows))
    assert streaks.length[-1] == 4
    assert streaks.score[-1] == pytest.approx(-4 * np.log10(76 / 152))


def test_trades_back_and_forth_are_found_once() -> None:
    tape = quiet(800)
    price, volume, side = tape.price.copy(), tape.volume.copy(), tape.side.copy()
    price[600:610], volume[600:610], side[600:610] = price[599], 777.0, [1, -1] * 5
    found = Detector(NOTHING, Ensemble()).examine(replace(tape, price=price, volume=volume, side=side))
    washed = [each for each in found if each.kind == "wash_trades"]
    assert [each.start for each in washed] == [tape.moment(600)]
    assert "on alternating sides" in washed[0].explanation


def test_alternating_needs_the_same_price() -> None:
    rows = [(i, 100.0 + i % 3, 5.0, 1 - 2 * (i % 2), str(i), "s") for i in range(600)]
    assert not alternating(of_rows("X", rows)).length.any()


@pytest.mark.parametrize("with_model", [False, True])
def test_one_price_and_one_size_are_no_finding(*, with_model: bool) -> None:
    rows = [(i * 10**6, 100.0, 10.0, 1 if i * i % 7 < 3 else -1, str(i), "s") for i in range(1_500)]
    tape = of_rows("FLAT", rows)
    ensemble = Ensemble(fit(tape) if with_model else None)
    found = Detector(of_rows("FLAT", []), ensemble).examine(tape)
    assert [each for each in found if each.trade_id] == []


def test_too_few_trades_are_told_with_their_number() -> None:
    with pytest.raises(TooFewTradesError, match="AAPL: 999 trades, a model needs at least 1,000"):
        fit(quiet(FEWEST_TRADES - 1))


def test_the_same_trades_and_seed_give_the_same_scores() -> None:
    tape = quiet(1_200)
    rows = np.random.default_rng(1).normal(size=(50, len(NAMES)))
    first, second, other = fit(tape), fit(tape), fit(tape, seed=8)
    assert first.card == second.card
    assert (first.forest.score(rows) == second.forest.score(rows)).all()
    assert (first.forest.score(rows) != other.forest.score(rows)).any()


def test_alerts_on_a_tape_without_anomalies_keep_the_budget() -> None:
    trained = fit(quiet(15_000))
    unseen = quiet(15_000, seed=8)
    found = examined(unseen, Ensemble(trained), len(unseen))
    days = (unseen.micros[-1] - unseen.micros[CONTEXT]) / 86_400e6
    assert len(found) <= 1 + days


def test_price_spikes_of_a_labelled_tape_are_found() -> None:
    trained = fit(labelled("AAPL", 10_000, seed=21)[0])
    tape, labels = labelled("AAPL", 10_000, seed=22)
    found = {each.trade_id for each in examined(tape, Ensemble(trained), len(tape))}
    spikes = [
        name
        for name, label in zip(tape.trade_ids[CONTEXT:], labels[CONTEXT:], strict=True)
        if label and label.startswith("price_spike")
    ]
    assert len(spikes) >= 5
    assert sum(name in found for name in spikes) >= 0.9 * len(spikes)


def test_what_goes_on_is_told_once() -> None:
    tape = quiet(800)
    price = tape.price.copy()
    price[600:612] *= np.linspace(1.01, 1.12, 12)
    found = Detector(NOTHING, Ensemble()).examine(replace(tape, price=price))
    moves = [each for each in found if each.kind in {"price_spike", "price_ramp"}]
    assert [each.trade_id for each in moves] == [tape.trade_ids[600]]


def test_scores_of_micro_batches_are_those_of_the_whole_tape(model: Model) -> None:
    tape, _ = labelled("AAPL", 2_500, seed=12)
    whole = score(tape, model).each
    at, live = LOOKBACK, []
    for end in range(LOOKBACK + 41, len(tape), 41):
        live.append(score(tape[at - LOOKBACK : end], model).each)
        at = end
    for method, values in whole.items():
        streamed = np.concatenate([each[method] for each in live])
        np.testing.assert_allclose(streamed, values[: len(streamed)], rtol=1e-9, atol=1e-9)


def test_one_model_of_all_serves_a_symbol_that_was_not_trained() -> None:
    pooled = fit_together([labelled(symbol, 3_000, 21, 0.0)[0] for symbol in ("AAPL", "MSFT")])
    tape = labelled("TSLA", 2_000, 22, 0.0)[0]
    volume = tape.volume.copy()
    volume[1_500] = 5_000_000
    found = Detector(NOTHING, Ensemble(pooled)).examine(replace(tape, volume=volume))
    assert pooled.card.symbol == POOLED
    assert tape.trade_ids[1_500] in {each.trade_id for each in found}

"""Evaluation: how many of a tape's known events the detector finds, how late, and what else it reports."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from stockstream.market.anomalies.ensemble import Ensemble
from stockstream.market.anomalies.features.table import CONTEXT, LOOKBACK
from stockstream.market.anomalies.features.trade_window import Floats, Ints, TradeWindow
from stockstream.market.anomalies.models.model import BUDGET, Model, fit, fit_together
from stockstream.market.anomalies.models.thresholds import share_of
from stockstream.market.anomalies.scores import score
from stockstream.market.evaluation.baselines import baselines, rolling_z
from stockstream.market.evaluation.events import Tally, alert_of, tally
from stockstream.market.evaluation.labelled import Labelled, mixed, simulate
from stockstream.market.evaluation.regimes import REGIMES, regimes
from stockstream.market.simulator import listed

# The seeds for tuning, never reported on by default, and the seeds for reports.
TUNED_ON, REPORTED_ON = (1, 2, 3, 4, 5, 6), (101, 102, 103, 104, 105)


@dataclass(frozen=True)
class Plan:
    """Parameters of an evaluation.

    Attributes:
        rate: trades a second over all symbols.
        trades: the trades of one seed.
        share: share of trades that belong to an event.
        untrained: number of symbols that are never trained on and judged by the pooled model.
    """

    seeds: tuple[int, ...] = REPORTED_ON
    symbols: int = 10
    untrained: int = 2
    rate: float = 5.0
    trades: int = 600_000
    share: float = 0.004
    budget: float = BUDGET


@dataclass
class Result:
    """Counts of an evaluation; a list of tallies has one for each symbol and seed.

    Attributes:
        known: symbols with their own model.
        unknown: symbols never trained on.
        rivals: tallies by baseline.
        clean: tallies by regime, on tapes with no events in them.
        scores: scores of the ensemble, the rolling z-score and a random method, with the events to find.
    """

    known: list[Tally] = field(default_factory=list)
    unknown: list[Tally] = field(default_factory=list)
    rivals: dict[str, list[Tally]] = field(default_factory=dict)
    clean: dict[str, list[Tally]] = field(default_factory=dict)
    scores: list[tuple[Floats, Floats, Floats, Ints]] = field(default_factory=list)

    @property
    def tallies(self) -> list[Tally]:
        """The tallies of all symbols."""
        return self.known + self.unknown


def evaluate(plan: Plan, on_progress: Callable[[str], None]) -> Result:
    """Evaluate the detector on simulated markets, seed by seed; call `on_progress` at each step."""
    result = Result()
    for seed in plan.seeds:
        on_progress(f"seed {seed}")
        tapes = simulate(seed, listed(plan.symbols), plan.rate, plan.trades, mixed(plan.share))
        on_progress(f"seed {seed}: learning and judging")
        judge(tapes, plan, seed, result)
        on_progress(f"seed {seed}: counting what is found in calm markets")
        _judge_clean(plan, seed, result)
    return result


def judge(tapes: dict[str, Labelled], plan: Plan, seed: int, result: Result) -> None:
    """Train on the first half of each tape except the untrained symbols', and evaluate on the second half."""
    halves = {name: len(tape.window) // 2 for name, tape in tapes.items()}
    trained = list(tapes)[: len(tapes) - plan.untrained] if len(tapes) > plan.untrained else list(tapes)
    first = [tapes[name].window[: halves[name]] for name in trained]
    models = {each.symbol: fit(each, plan.budget) for each in first}
    pooled = fit_together(first, budget=plan.budget)
    rng = np.random.default_rng(seed)
    for name, tape in tapes.items():
        part, before = tape.after(halves[name] - CONTEXT), tape.window[: halves[name]]
        model = models.get(name, pooled)
        counted = _tally(part, model)
        (result.known if name in models else result.unknown).append(counted)
        share = share_of(plan.budget, model.card.trades_a_day)
        for rival, alerts in baselines(part.window, before[len(before) // 2 :], CONTEXT, share, rng).items():
            result.rivals.setdefault(rival, []).append(tally(part, alerts, CONTEXT))
        result.scores.append((*_scores(part, model, rng), part.event[CONTEXT:]))


def _tally(part: Labelled, model: Model) -> Tally:
    found = Ensemble(model).find(part.window)
    return tally(part, [alert_of(finding, part) for finding in found], CONTEXT)


def _scores(part: Labelled, model: Model, rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Return one score per trade; the ensemble's is the largest ratio of a score to its threshold."""
    scores = score(part.window, model)
    ratios = [scores.each[method] / limit for method, limit in Ensemble(model).limits(scores).items()]
    ensemble = np.max(ratios, axis=0)[CONTEXT - LOOKBACK :]
    return ensemble, rolling_z(part.window)[CONTEXT:], rng.random(len(ensemble))


def _judge_clean(plan: Plan, seed: int, result: Result) -> None:
    """Train on the calm before, and count every alert in what follows: all of them are false."""
    for windows in regimes(seed, listed(plan.symbols), plan.rate, plan.trades).values():
        model, past = fit(windows[0], plan.budget), windows[0]
        for (name, *_), window in zip(REGIMES[1:], windows[1:], strict=True):
            counted = _tally(_unlabelled(past[-CONTEXT:].then(window)), model)
            result.clean.setdefault(name, []).append(counted)
            past = window


def _unlabelled(window: TradeWindow) -> Labelled:
    names = np.arange(len(window)).astype(np.str_).astype(np.object_)
    none = np.zeros(len(window), np.int64)
    return Labelled(replace(window, trade_ids=names), none, np.array([""], np.object_), np.array([np.nan]))


def untrained_names(plan: Plan) -> Sequence[str]:
    """Return the symbols that are never trained on."""
    return [listing.symbol for listing in listed(plan.symbols)][plan.symbols - plan.untrained :]

"""The ensemble, which turns the scores of all methods into findings.

A trade is a finding when a method scores it above its threshold; all methods that agree are named, and the
one furthest above its threshold comes first. An event over several trades is reported once: a method does not
report again if it or another of its family has done so in the QUIET trades before.
"""

from dataclasses import dataclass

import numpy as np

from stockstream.market.anomalies.features.table import LOOKBACK, QUIET
from stockstream.market.anomalies.features.trade_window import Bools, Floats, TradeWindow
from stockstream.market.anomalies.finding import Finding
from stockstream.market.anomalies.models.model import Model
from stockstream.market.anomalies.models.thresholds import Thresholds, at_pace, unmeasured
from stockstream.market.anomalies.rules import BY_NAME, RULES
from stockstream.market.anomalies.rules.rule import Alerted, Scores
from stockstream.market.anomalies.scores import score

# By method, one limit per trade.
Limits = dict[str, Floats]

NO_MODEL = "none"
# Rules that see the same event: a pump moves the price, which each rule of its family detects.
FAMILIES = [
    [rule.name for rule in RULES if rule.family == family]
    for family in dict.fromkeys(rule.family for rule in RULES)
]


@dataclass(frozen=True, eq=False)
class Ensemble:
    """The methods with their thresholds: those of a symbol's model, or general ones without a model.

    >>> Ensemble().model_version, sorted(Ensemble().thresholds)[:2]
    ('none', ['alternating', 'crowd'])
    """

    model: Model | None = None

    @property
    def thresholds(self) -> Thresholds:
        """The threshold of each method, at the usual pace."""
        return self.model.card.thresholds if self.model else unmeasured()

    def limits(self, scores: Scores) -> Limits:
        """Return the threshold of each method at each trade, depending on the pace there."""
        if self.model is None:
            return {method: np.full(len(scores.pace), limit) for method, limit in unmeasured().items()}
        card, ratio = self.model.card, scores.pace / self.model.card.pace
        return {
            method: at_pace(limit, card.faster[method], ratio) for method, limit in card.thresholds.items()
        }

    @property
    def model_version(self) -> str:
        """The model version that findings report."""
        return self.model.version if self.model else NO_MODEL

    def find(self, window: TradeWindow) -> list[Finding]:
        """Return what stands out among the trades after the first CONTEXT, in order."""
        if len(window) <= LOOKBACK + QUIET:
            return []
        scores = score(window, self.model)
        limits = self.limits(scores)
        found: list[Finding] = []
        for row, methods in _alerts(scores, limits):
            here = {method: float(limit[row]) for method, limit in limits.items()}
            found += self._told(window, scores, row, methods, here)
        return found

    def alerts(self, scores: Scores) -> list[tuple[int, tuple[str, ...]]]:
        """Return the rows to report, after the first QUIET, with the methods that newly report there."""
        return _alerts(scores, self.limits(scores))

    def _told(
        self, window: TradeWindow, scores: Scores, row: int, methods: tuple[str, ...], limits: Thresholds
    ) -> list[Finding]:
        """Return a finding of the trade, if its own measures report it, and one of each streak."""
        of_trade = tuple(method for method in methods if method not in scores.streaks)
        streaks = [(method,) for method in methods if method in scores.streaks]
        return [
            self._finding(each, Alerted(window, scores, row, limits[each[0]], self.model))
            for each in [*([of_trade] if of_trade else []), *streaks]
        ]

    def _finding(self, methods: tuple[str, ...], alerted: Alerted) -> Finding:
        window, index, leading = alerted.window, alerted.index, BY_NAME[methods[0]]
        streak = alerted.scores.streaks.get(leading.name)
        # A streak of repetitions starts with the trade that is repeated.
        first = index if streak is None else index - int(streak.length[alerted.row])
        start, end = sorted((window.moment(first), window.moment(index)))
        return Finding(
            symbol=window.symbol,
            kind=leading.kind_of(alerted).name,
            source=window.sources[index],
            trade_id=window.trade_ids[index] if streak is None else None,
            start=start,
            end=end,
            score=float(alerted.scores.each[leading.name][alerted.row]),
            threshold=alerted.threshold,
            methods=methods,
            explanation=leading.sentence(alerted),
            model_version=self.model_version,
        )


def _alerts(scores: Scores, limits: Limits) -> list[tuple[int, tuple[str, ...]]]:
    above = {method: scores.each[method] > limit for method, limit in limits.items()}
    fresh = {
        method: above[method] & ~_spoke_before(family, above)
        for family in FAMILIES
        for method in family
        if method in above
    }
    rows = np.flatnonzero(np.any(list(fresh.values()), axis=0))
    return [
        (row, _leading_first(scores, limits, row, [method for method in fresh if fresh[method][row]]))
        for row in rows[rows >= QUIET].tolist()
    ]


def _leading_first(scores: Scores, limits: Limits, row: int, methods: list[str]) -> tuple[str, ...]:
    return tuple(sorted(methods, key=lambda each: -float(scores.each[each][row]) / float(limits[each][row])))


def _spoke_before(family: list[str], above: dict[str, Bools]) -> Bools:
    """Return the rows for which one of a family's methods was above its limit in the QUIET rows before."""
    spoke = np.any([above[method] for method in family if method in above], axis=0)
    before: Floats = np.cumsum(np.concatenate([np.zeros(QUIET + 1), spoke]))
    return before[QUIET : QUIET + len(spoke)] - before[: len(spoke)] > 0

"""The ensemble: what the methods say together becomes findings.

A trade is a finding when a method puts it above its threshold; all that agree are named, and the one
that stands furthest above leads. What goes on over several trades is told once: a method that speaks
again, after it or another of its family has spoken in the QUIET trades before, tells nothing new.
"""

from dataclasses import dataclass

import numpy as np

from stockstream.market.anomalies import explanation
from stockstream.market.anomalies.features import LOOKBACK, QUIET
from stockstream.market.anomalies.finding import Finding
from stockstream.market.anomalies.model import Model
from stockstream.market.anomalies.scores import Scores, score
from stockstream.market.anomalies.sequences import SEQUENCES
from stockstream.market.anomalies.stretch import Bools, Floats, Stretch
from stockstream.market.anomalies.thresholds import Thresholds, unmeasured

NO_MODEL = "none"
# Methods that speak of the same: a pump moves the price, and each of these sees it.
FAMILIES = (
    ("zscore_price", "ramp", "isolation_forest", "hotelling"),
    ("zscore_size",),
    ("crowd",),
    ("same_side",),
    ("alternating", "repeated_size"),
    ("still_price",),
)


@dataclass(frozen=True, eq=False)
class Ensemble:
    """The methods with their thresholds: those of a symbol's model, or general ones without.

    >>> Ensemble().model_version, sorted(Ensemble().thresholds)[:2]
    ('none', ['alternating', 'crowd'])
    """

    model: Model | None = None

    @property
    def thresholds(self) -> Thresholds:
        """The threshold of each method."""
        return self.model.card.thresholds if self.model else unmeasured()

    @property
    def model_version(self) -> str:
        """What a finding says of where it came from."""
        return self.model.version if self.model else NO_MODEL

    def find(self, stretch: Stretch) -> list[Finding]:
        """Return what stands out among the trades after the first CONTEXT, in their order."""
        if len(stretch) <= LOOKBACK + QUIET:
            return []
        scores = score(stretch, self.model)
        found: list[Finding] = []
        for row, methods in self.alerts(scores):
            found += self._told(stretch, scores, row, methods)
        return found

    def alerts(self, scores: Scores) -> list[tuple[int, tuple[str, ...]]]:
        """Return the rows that are told, after the first QUIET, with the methods that speak there anew."""
        limits = self.thresholds
        above = {method: scores.each[method] > limits[method] for method in limits}
        fresh = {
            method: above[method] & ~_spoke_before(family, above)
            for family in FAMILIES
            for method in family
            if method in above
        }
        rows = np.flatnonzero(np.any(list(fresh.values()), axis=0))
        return [
            (row, self._leading_first(scores, row, [method for method in fresh if fresh[method][row]]))
            for row in rows[rows >= QUIET].tolist()
        ]

    def _leading_first(self, scores: Scores, row: int, methods: list[str]) -> tuple[str, ...]:
        limits = self.thresholds
        return tuple(sorted(methods, key=lambda method: -float(scores.each[method][row]) / limits[method]))

    def _told(self, stretch: Stretch, scores: Scores, row: int, methods: tuple[str, ...]) -> list[Finding]:
        """Return a finding of the trade, if its own measures say so, and one of each streak."""
        of_trade = tuple(method for method in methods if method not in SEQUENCES)
        streaks = [(method,) for method in methods if method in SEQUENCES]
        return [
            self._finding(stretch, scores, row, each)
            for each in [*([of_trade] if of_trade else []), *streaks]
        ]

    def _finding(self, stretch: Stretch, scores: Scores, row: int, methods: tuple[str, ...]) -> Finding:
        leading, index = methods[0], LOOKBACK + row
        is_streak = leading in SEQUENCES
        # A streak of repetitions begins with the trade that is repeated.
        first = index - int(scores.streaks[leading].length[row]) if is_streak else index
        start, end = sorted((stretch.moment(first), stretch.moment(index)))
        kind, sentence = explanation.of(stretch, scores, row, leading, self.thresholds[leading], self.model)
        return Finding(
            symbol=stretch.symbol,
            kind=kind,
            source=stretch.sources[index],
            trade_id=None if is_streak else stretch.trade_ids[index],
            start=start,
            end=end,
            score=float(scores.each[leading][row]),
            threshold=self.thresholds[leading],
            methods=methods,
            explanation=sentence,
            model_version=self.model_version,
        )


def _spoke_before(family: tuple[str, ...], above: dict[str, Bools]) -> Bools:
    """Return the rows that have one of a family's methods above in the QUIET rows before them."""
    spoke = np.any([above[method] for method in family if method in above], axis=0)
    before: Floats = np.cumsum(np.concatenate([np.zeros(QUIET + 1), spoke]))
    return before[QUIET : QUIET + len(spoke)] - before[: len(spoke)] > 0

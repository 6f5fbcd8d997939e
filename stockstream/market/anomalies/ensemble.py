"""The ensemble: what the methods say together becomes findings.

A trade is a finding when any method puts it above its threshold; all that agree are named, the
one that stands furthest above leads. A streak is a finding once, at the trade that takes it over
the threshold.
"""

from dataclasses import dataclass

import numpy as np

from stockstream.market.anomalies import explanation
from stockstream.market.anomalies.features import CONTEXT
from stockstream.market.anomalies.finding import Finding
from stockstream.market.anomalies.model import BUDGET, Model
from stockstream.market.anomalies.scores import FOREST, Scores, score
from stockstream.market.anomalies.stretch import Stretch
from stockstream.market.anomalies.thresholds import Thresholds, unmeasured

NO_MODEL = "none"


@dataclass(frozen=True, eq=False)
class Ensemble:
    """The methods with their thresholds: those of a symbol's model, or general ones without.

    >>> Ensemble().model_version, sorted(Ensemble().thresholds)[:2]
    ('none', ['alternating', 'same_side'])
    """

    model: Model | None = None
    budget: float = BUDGET

    @property
    def thresholds(self) -> Thresholds:
        """The threshold of each method."""
        return self.model.card.thresholds if self.model else unmeasured(self.budget)

    @property
    def model_version(self) -> str:
        """What a finding says of where it came from."""
        return self.model.version if self.model else NO_MODEL

    def find(self, stretch: Stretch) -> list[Finding]:
        """Return what stands out among the trades after the first CONTEXT, in their order."""
        if len(stretch) <= CONTEXT:
            return []
        scores = score(stretch, self.model.forest if self.model else None)
        found = self._trades(stretch, scores) + self._streaks(stretch, scores)
        return [finding for _, finding in sorted(found, key=lambda pair: pair[0])]

    def _trades(self, stretch: Stretch, scores: Scores) -> list[tuple[int, Finding]]:
        """Return the trades that stand out, each with its row."""
        limits = self.thresholds
        ratios = {method: values / limits[method] for method, values in scores.trades.items()}
        unusual = np.flatnonzero(np.max(list(ratios.values()), axis=0) > 1).tolist()
        return [
            (row, self._trade(stretch, scores, row, {method: ratios[method][row] for method in ratios}))
            for row in unusual
        ]

    def _trade(self, stretch: Stretch, scores: Scores, row: int, ratios: dict[str, float]) -> Finding:
        methods = _leading_first({method: ratio for method, ratio in ratios.items() if ratio > 1})
        kind, sentence = self._explained(stretch, scores, row, methods[0])
        index = CONTEXT + row
        return Finding(
            symbol=stretch.symbol,
            kind=kind,
            source=stretch.sources[index],
            trade_id=stretch.trade_ids[index],
            start=stretch.moment(index),
            end=stretch.moment(index),
            score=float(scores.trades[methods[0]][row]),
            threshold=self.thresholds[methods[0]],
            methods=methods,
            explanation=sentence,
            model_version=self.model_version,
        )

    def _explained(self, stretch: Stretch, scores: Scores, row: int, method: str) -> tuple[str, str]:
        features = scores.features[row]
        if method == FOREST and self.model is not None:
            return explanation.of_forest(self.model, features, float(scores.trades[FOREST][row]))
        of = explanation.OF_ZSCORE[method]
        return explanation.KINDS[method], of(stretch, CONTEXT + row, features)

    def _streaks(self, stretch: Stretch, scores: Scores) -> list[tuple[int, Finding]]:
        """Return the streaks that become too long, each with the row where it does."""
        return [
            (row, self._streak(stretch, scores, row, method))
            for method, streaks in scores.streaks.items()
            for row in np.flatnonzero(streaks.passes(self.thresholds[method])).tolist()
        ]

    def _streak(self, stretch: Stretch, scores: Scores, row: int, method: str) -> Finding:
        streaks, index = scores.streaks[method], CONTEXT + row
        # A streak of repetitions begins with the trade that is repeated.
        first = index - int(streaks.length[row]) + (method != "alternating")
        start, end = sorted((stretch.moment(first), stretch.moment(index)))
        return Finding(
            symbol=stretch.symbol,
            kind=explanation.KINDS[method],
            source=stretch.sources[index],
            trade_id=None,
            start=start,
            end=end,
            score=float(streaks.score[row]),
            threshold=self.thresholds[method],
            methods=(method,),
            explanation=explanation.OF_STREAK[method](stretch, index, streaks, row),
            model_version=self.model_version,
        )


def _leading_first(ratios: dict[str, float]) -> tuple[str, ...]:
    """Return the methods by how far above they are; a value is large because its size or price is."""
    return tuple(sorted(ratios, key=lambda method: (method == "zscore_value", -ratios[method])))

"""Rules that need a model: a trade that stands out by the combination of its features."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from stockstream.market.anomalies import kinds
from stockstream.market.anomalies.features.table import NAMES
from stockstream.market.anomalies.features.trade_window import Floats
from stockstream.market.anomalies.kinds import Kind
from stockstream.market.anomalies.rules.rule import Alerted, Learnt, Rule, Tail

# The kind of a finding, by its most unusual feature.
KINDS = {
    "return_volatilities": kinds.PRICE_SPIKE,
    "return_z": kinds.PRICE_SPIKE,
    "jump_z": kinds.PRICE_SPIKE,
    "vwap_distance": kinds.PRICE_DRIFT,
    "volatility_ratio": kinds.VOLATILITY_SHIFT,
    "size_z": kinds.VOLUME_SPIKE,
    "size_ratio": kinds.VOLUME_SPIKE,
    "value_z": kinds.VALUE_SPIKE,
    "pause": kinds.ODD_PACE,
    "imbalance": kinds.ONE_SIDED_FLOW,
    "ramp_z": kinds.PRICE_RAMP,
    "reversal": kinds.PRICE_REVERSAL,
    "crowd_z": kinds.BURST,
}


@dataclass(frozen=True, eq=False, kw_only=True)
class LearntRule(Rule):
    """A rule that needs a model; `score` takes it and compressed features, shape (trades, features).

    Attributes:
        measure: the name of its score.
    """

    measure: str
    score: Callable[[Learnt, Floats], Floats]

    def kind_of(self, alerted: Alerted) -> Kind:
        """Return the kind by the most unusual feature."""
        return KINDS[NAMES[_leading(alerted)[0]]]

    def sentence(self, alerted: Alerted) -> str:
        """Return how much the trade stands out, and in which features."""
        row = alerted.features
        first, second = (f"{NAMES[each]} {row[each]:,.3g}" for each in _leading(alerted))
        score = float(alerted.scores.each[self.name][alerted.row])
        return (
            f"the trade stands apart by its features together: {self.measure} {score:.3f} against "
            f"{alerted.threshold:.3f}; most unusual are {first} and {second}"
        )


RULES = (
    LearntRule(
        name="isolation_forest",
        family="price",
        share=0.5,
        prior=None,
        least=0.55,
        measure="isolation score",
        score=lambda learnt, rows: learnt.forest.score(rows),
    ),
    LearntRule(
        name="hotelling",
        family="price",
        share=0.03,
        prior=None,
        least=3.5,
        tail=Tail.HEAVY,
        measure="Hotelling distance",
        score=lambda learnt, rows: learnt.linear.score(rows),
    ),
)


def _leading(alerted: Alerted) -> list[int]:
    """Return the two features that are furthest from their centre."""
    assert alerted.learnt is not None  # noqa: S101 - without a model nothing is scored
    linear = alerted.learnt.linear
    distance = (np.arcsinh(alerted.features) - linear.centre) / linear.scale
    leading: list[int] = np.argsort(-np.abs(distance))[:2].tolist()
    return leading

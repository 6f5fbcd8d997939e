"""The scores of every method for a trade window; scoring never learns."""

from dataclasses import dataclass
from typing import Protocol

from stockstream.market.anomalies.features.pace import mean
from stockstream.market.anomalies.features.table import LOOKBACK, NAMES, features
from stockstream.market.anomalies.features.trade_window import Floats, TradeWindow
from stockstream.market.anomalies.models.forest import Forest, compressed
from stockstream.market.anomalies.models.linear import Linear
from stockstream.market.anomalies.rules import zscore
from stockstream.market.anomalies.rules.sequences import SEQUENCES, Streaks

SIZE = "zscore_size"
ZSCORES = {
    "zscore_price": zscore.of_price,
    SIZE: zscore.of_size,
    "ramp": zscore.of_ramp,
    "crowd": zscore.of_crowd,
}
FOREST, LINEAR = "isolation_forest", "hotelling"
LEARNT = (FOREST, LINEAR)
METHODS = (*ZSCORES, *LEARNT, *SEQUENCES)


class Learnt(Protocol):
    """What scoring takes from a model."""

    @property
    def forest(self) -> Forest:
        """The forest."""

    @property
    def linear(self) -> Linear:
        """Its linear complement."""

    @property
    def size_deviation(self) -> float:
        """The deviation of the logarithm of volumes above their median."""


@dataclass(frozen=True, eq=False)
class Scores:
    """What the methods say of every trade after the first LOOKBACK.

    Attributes:
        features: shape (trades, features).
        each: by method, the score of each trade; of a rule on sequences, that of its streak so far.
        streaks: by rule, the streak that each trade stands in.
        pace: trades a day at the mean pace of the LOOKBACK trades before each.
    """

    features: Floats
    each: dict[str, Floats]
    streaks: dict[str, Streaks]
    pace: Floats


def score(window: TradeWindow, learnt: Learnt | None) -> Scores:
    """Return the scores of a trade window; without a model, those of the methods that need none."""
    rows = features(window)
    each = {name: of(rows) for name, of in ZSCORES.items()}
    if learnt is not None:
        seen = compressed(rows)
        each |= {
            FOREST: learnt.forest.score(seen),
            LINEAR: learnt.linear.score(seen),
            # Four hundred trades tell a median well and a deviation badly: the learnt one is steadier.
            SIZE: rows[:, NAMES.index("size_ratio")] / learnt.size_deviation,
        }
    streaks = {name: of(window) for name, of in SEQUENCES.items()}
    each |= {name: found.score for name, found in streaks.items()}
    return Scores(rows, each, streaks, mean(window, LOOKBACK))

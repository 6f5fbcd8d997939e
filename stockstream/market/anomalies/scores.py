"""The scores of every method for a stretch; scoring never learns."""

from dataclasses import dataclass

from stockstream.market.anomalies import sequences, zscore
from stockstream.market.anomalies.features import features
from stockstream.market.anomalies.forest import Forest, compressed
from stockstream.market.anomalies.sequences import Streaks
from stockstream.market.anomalies.stretch import Floats, Stretch

ZSCORES = {"zscore_price": zscore.of_price, "zscore_size": zscore.of_size, "zscore_value": zscore.of_value}
FOREST = "isolation_forest"
SEQUENCES = {"same_side": sequences.same_side, "alternating": sequences.alternating}
METHODS = (*ZSCORES, FOREST, *SEQUENCES)


@dataclass(frozen=True, eq=False)
class Scores:
    """What the methods say of every trade after the first CONTEXT.

    Attributes:
        features: shape (trades, features).
        trades: by method, the score of each trade.
        streaks: by method, the streak that each trade stands in.
    """

    features: Floats
    trades: dict[str, Floats]
    streaks: dict[str, Streaks]


def score(stretch: Stretch, forest: Forest | None) -> Scores:
    """Return the scores of a stretch; without a forest, those of the methods that need none."""
    rows = features(stretch)
    trades = {name: of(rows) for name, of in ZSCORES.items()}
    if forest is not None:
        trades[FOREST] = forest.score(compressed(rows))
    return Scores(rows, trades, {name: of(stretch) for name, of in SEQUENCES.items()})

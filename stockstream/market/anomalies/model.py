"""What is learnt of one symbol: a forest, and a threshold for each method."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from stockstream.errors import TooFewTradesError
from stockstream.market.anomalies.features import CONTEXT, features
from stockstream.market.anomalies.forest import Forest, compressed, grow
from stockstream.market.anomalies.rolling import spread
from stockstream.market.anomalies.scores import score
from stockstream.market.anomalies.stretch import Floats, Stretch
from stockstream.market.anomalies.thresholds import Thresholds, measured

FEWEST_TRADES = 1_000
FIT_SHARE = 0.7
SEED = 7
BUDGET = 1.0
STILL_FEATURE = 1e-3


@dataclass(frozen=True)
class Card:
    """What a model was made from and how; the facts that a person asks of it.

    Attributes:
        trades: how many, from `first` to `last`.
        fitted_rows: rows of features that the forest was grown on: the earlier 70 percent.
        measured_rows: rows after those, on which the thresholds were set.
        budget: false alerts allowed per 1,000 trades.
        seed: of the forest.
        thresholds: by method.
    """

    symbol: str
    trades: int
    first: datetime
    last: datetime
    fitted_rows: int
    measured_rows: int
    budget: float
    seed: int
    thresholds: Thresholds


@dataclass(frozen=True, eq=False)
class Model:
    """A symbol's model: numbers only.

    Attributes:
        centre: each feature's median over the rows it was fitted on, as the forest sees features.
        scale: each feature's robust standard deviation, likewise; tells which feature is unusual.
        version: names the numbers; empty until it is stored.
    """

    card: Card
    forest: Forest
    centre: Floats
    scale: Floats
    version: str = ""


def fit(stretch: Stretch, budget: float = BUDGET, seed: int = SEED) -> Model:
    """Return the model of a stretch: grown on its earlier part, thresholds set on the later.

    The same trades, budget and seed give the same model.

    Raises:
        TooFewTradesError: there are fewer than FEWEST_TRADES.
    """
    if len(stretch) < FEWEST_TRADES:
        raise TooFewTradesError(
            symbol=stretch.symbol, trades=f"{len(stretch):,}", needed=f"{FEWEST_TRADES:,}"
        )
    fitted = round((len(stretch) - CONTEXT) * FIT_SHARE)
    rows = compressed(features(stretch[: CONTEXT + fitted]))
    forest = grow(rows, seed)
    # The later part begins with the context of its first trade, which is scored but not learnt from.
    thresholds = measured(score(stretch[fitted:], forest), budget)
    centre, scale = spread(rows.T, STILL_FEATURE)
    card = Card(
        stretch.symbol,
        len(stretch),
        stretch.moment(int(np.argmin(stretch.micros))),
        stretch.moment(int(np.argmax(stretch.micros))),
        fitted,
        len(stretch) - CONTEXT - fitted,
        budget,
        seed,
        thresholds,
    )
    return Model(card, forest, centre, scale)

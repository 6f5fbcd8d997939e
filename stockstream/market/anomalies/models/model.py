"""What is learnt of one symbol, or of several together: a forest, directions, and thresholds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from stockstream.errors import TooFewTradesError
from stockstream.market.anomalies.features.table import LOOKBACK, NAMES, STILL_SIZE, features
from stockstream.market.anomalies.features.trade_window import Floats, TradeWindow
from stockstream.market.anomalies.models.drift import Bins, bins_of
from stockstream.market.anomalies.models.forest import Forest, compressed, grow
from stockstream.market.anomalies.models.linear import Linear, lay
from stockstream.market.anomalies.models.thresholds import (
    FASTER,
    Thresholds,
    measured,
    share_of,
    trades_a_day,
)
from stockstream.market.anomalies.scores import score

FEWEST_TRADES = 1_000
FIT_SHARE = 0.4
SEED = 7
INNER, INNER_DEVIATION = 0.99, 0.9606
BUDGET = 1.0
# The pooled model, for symbols without their own model; no symbol has this name.
POOLED = "*"


@dataclass(frozen=True)
class Card:
    """What a model was made from and how; the facts that people ask about it.

    Attributes:
        symbol: the model's symbol; `*` is that of all symbols together.
        trades: the number of trades, from `first` to `last`.
        fitted_rows: rows of features that were learnt from: the first 40 percent.
        measured_rows: rows after those, on which the thresholds were set.
        budget: false alerts allowed per symbol and day.
        trades_a_day: trades a day of one symbol, at the pace of its trades.
        size_deviation: how far the logarithms of the larger half of volumes lie above their rolling
            median, as a root mean square; the unit in which a trade's size is judged.
        seed: the seed of the forest.
        thresholds: thresholds by method.
        faster: the same for FASTER times the usual pace.
        pace: trades a day at the pace at which most of its trades arrive: without nights, unlike
            trades_a_day.
    """

    symbol: str
    trades: int
    first: datetime
    last: datetime
    fitted_rows: int
    measured_rows: int
    budget: float
    trades_a_day: float
    size_deviation: float
    seed: int
    thresholds: Thresholds
    faster: Thresholds
    pace: float


@dataclass(frozen=True, eq=False)
class Model:
    """A symbol's model: numbers only.

    Attributes:
        bins: the distribution of each feature, to tell later whether it has changed.
        version: identifies the numbers; empty until the model is stored.
    """

    card: Card
    forest: Forest
    linear: Linear
    bins: Bins
    version: str = ""

    @property
    def size_deviation(self) -> float:
        """The unit in which a trade's size is judged."""
        return self.card.size_deviation


def fit(window: TradeWindow, budget: float = BUDGET, seed: int = SEED) -> Model:
    """Return the model of a trade window: fitted on its earlier part, thresholds set on the later.

    The same trades, budget and seed give the same model.

    Raises:
        TooFewTradesError: there are fewer than FEWEST_TRADES.
    """
    return fit_together([window], window.symbol, budget, seed)


def fit_together(
    windows: Sequence[TradeWindow], symbol: str = POOLED, budget: float = BUDGET, seed: int = SEED
) -> Model:
    """Return the model of several symbols' windows, each split by time.

    Raises:
        TooFewTradesError: a window has fewer than FEWEST_TRADES, or there is none.
    """
    fewest = min(map(len, windows), default=0)
    if fewest < FEWEST_TRADES:
        raise TooFewTradesError(symbol=symbol, trades=f"{fewest:,}", needed=f"{FEWEST_TRADES:,}")
    cuts = [round((len(each) - LOOKBACK) * FIT_SHARE) for each in windows]
    rows = np.concatenate(
        [compressed(features(each[: LOOKBACK + cut])) for each, cut in zip(windows, cuts, strict=True)]
    )
    learnt = Model(_card(windows, symbol, budget, seed, rows), grow(rows, seed), lay(rows), bins_of(rows))
    # The later part begins with the context of its first trade, which is scored but not learnt from.
    later = [score(each[cut:], learnt) for each, cut in zip(windows, cuts, strict=True)]
    share = share_of(budget, learnt.card.trades_a_day)
    judged = sum(len(each.features) for each in later)
    card = replace(
        learnt.card,
        thresholds=measured(later, share),
        faster=measured(later, share / FASTER),
        pace=float(np.median(np.concatenate([each.pace for each in later]))),
        fitted_rows=len(rows),
        measured_rows=judged,
    )
    return replace(learnt, card=card)


def _card(windows: Sequence[TradeWindow], symbol: str, budget: float, seed: int, rows: Floats) -> Card:
    """Return the card as far as it is known before anything is measured."""
    return Card(
        symbol,
        sum(map(len, windows)),
        min(each.moment(int(np.argmin(each.micros))) for each in windows),
        max(each.moment(int(np.argmax(each.micros))) for each in windows),
        0,
        0,
        budget,
        max(map(trades_a_day, windows)),
        _size_deviation(np.sinh(rows[:, NAMES.index("size_ratio")])),
        seed,
        {},
        {},
        0.0,
    )


def _size_deviation(ratios: Floats) -> float:
    """Return the root mean square of the positive ratios, without the outermost hundredth."""
    above = np.sort(ratios[ratios > 0])
    inner = above[: max(round(INNER * len(above)), 1)]
    # The inner 99 percent of a normal distribution's larger half have 0.9606 of its deviation.
    return max(float(np.sqrt(np.mean(inner**2))) / INNER_DEVIATION, STILL_SIZE) if len(inner) else STILL_SIZE

"""The scores of every rule for a trade window; scoring never learns."""

from stockstream.market.anomalies.features.pace import mean
from stockstream.market.anomalies.features.table import LOOKBACK, features
from stockstream.market.anomalies.features.trade_window import TradeWindow
from stockstream.market.anomalies.models.forest import compressed
from stockstream.market.anomalies.rules import features as by_features
from stockstream.market.anomalies.rules import learnt as by_learnt
from stockstream.market.anomalies.rules import sequences
from stockstream.market.anomalies.rules.rule import Learnt, Scores


def score(window: TradeWindow, learnt: Learnt | None) -> Scores:
    """Return the scores of a trade window; without a model, only those of rules that need none."""
    rows = features(window)
    each = {rule.name: rule.score(rows, learnt) for rule in by_features.RULES}
    if learnt is not None:
        seen = compressed(rows)
        each |= {rule.name: rule.score(learnt, seen) for rule in by_learnt.RULES}
    streaks = {rule.name: rule.streaks(window) for rule in sequences.RULES}
    each |= {name: found.score for name, found in streaks.items()}
    return Scores(rows, each, streaks, mean(window, LOOKBACK))

"""The detector's models: are there any, and if not, how many trades are missing."""

from stockstream.jobs.health.tables import TablesSight
from stockstream.jobs.health.verdict import Check, ok, unknown, waiting

ENOUGH = 1_000


def judge_models(count: int, sight: TablesSight | None) -> Check:
    """Judge the models; a fresh system has none yet, which is no fault."""
    if count:
        return ok("model", f"{count} symbol{'s'[: count > 1]} learned")
    if sight is None:
        return unknown("model", "the tables")
    need = f"needs {ENOUGH:,} trades a symbol"
    if sight.fewest is None:
        return waiting("model", f"none yet: {need}; there are no trades")
    symbol, trades = sight.fewest
    if trades < ENOUGH:
        return waiting("model", f"none yet: {need}; the smallest, {symbol}, has {trades:,}")
    return waiting("model", "none yet, and there are trades enough", "python anomaly_detector.py train")

"""The detector's models: are there any, and if not, how many trades are missing."""

from pathlib import Path

from stockstream.jobs.health.tables import TablesSight
from stockstream.jobs.health.verdict import Check, ok, unknown, waiting

ENOUGH = 1_000


def models_in(folder: Path) -> int:
    """Return how many model files a folder holds; none where there is no folder."""
    if not folder.is_dir():
        return 0
    return sum(path.is_file() and not path.name.startswith(".") for path in folder.rglob("*"))


def judge_models(count: int, sight: TablesSight | None) -> Check:
    """Judge the models; a fresh system has none yet, which is no fault."""
    if count:
        return ok("model", f"{count} file{'s'[: count > 1]}")
    if sight is None:
        return unknown("model", "the tables")
    need = f"needs {ENOUGH:,} trades a symbol"
    if sight.fewest is None:
        return waiting("model", f"none yet: {need}; there are no trades")
    symbol, trades = sight.fewest
    if trades < ENOUGH:
        return waiting("model", f"none yet: {need}; the smallest, {symbol}, has {trades:,}")
    return waiting("model", "none yet, and there are trades enough", "python anomaly_detector.py train")

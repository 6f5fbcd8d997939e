"""The detector's models: their age and whether they still fit, or what is missing if there are none."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from stockstream.connectors.models.registry import ModelStore
from stockstream.jobs.health.check_result import Check, ok, unknown, waiting
from stockstream.jobs.health.tables import TablesSample
from stockstream.market.anomalies.models.model import POOLED

ENOUGH = 1_000


REMEDY = "python anomaly_detector.py train --if-drifted"


@dataclass(frozen=True)
class ModelsSample:
    """The existing models; `drifted` names what has drifted most, and is empty if nothing has."""

    count: int
    age: timedelta | None = None
    drift: str = ""
    drifted: int = 0


def look_at_models(folder: Path, now: float) -> ModelsSample:
    """Examine the model folder; `now` is seconds since 1970."""
    store = ModelStore(folder)
    stamps = store.stamps()
    stamps.pop(POOLED, None)
    age = timedelta(seconds=max(round(now - max(stamps.values()) / 1e9), 0)) if stamps else None
    note = store.note()
    drift = f"; drift {note.index:.2f} at most, {note.symbol} {note.feature}" if note else ""
    return ModelsSample(len(stamps), age, drift, note.drifted if note else 0)


def judge_models(models: ModelsSample, sample: TablesSample | None) -> Check:
    """Judge the models; a fresh system has none yet, which is not a fault."""
    if count := models.count:
        age = f", the newest {models.age} old" if models.age is not None else ""
        summary = f"{count} symbol{'s'[: count > 1]} learned{age}{models.drift}"
        return waiting("model", summary, REMEDY) if models.drifted else ok("model", summary)
    if sample is None:
        return unknown("model", "the tables")
    need = f"needs {ENOUGH:,} trades a symbol"
    if sample.fewest is None:
        return waiting("model", f"none yet: {need}; there are no trades")
    symbol, trades = sample.fewest
    if trades < ENOUGH:
        return waiting("model", f"none yet: {need}; the smallest, {symbol}, has {trades:,}")
    return waiting("model", "none yet, and there are trades enough", "python anomaly_detector.py train")

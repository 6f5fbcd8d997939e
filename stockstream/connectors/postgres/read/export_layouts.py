"""Folders that an exported tape is split into: Parquet by symbol and day, or ticks for QuantConnect Lean."""

import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
from pyarrow import dataset

from stockstream.market.trade.columns import TIME

# A day of a symbol is a file, and a tape has many of both.
MOST_PARTITIONS = 1_000_000
NEW_YORK = ZoneInfo("America/New_York")
LEAN_SCALE = Decimal(10_000)
# In the sample data of Lean, the bits of the conditions are written so.
HEXADECIMAL = frozenset("0123456789abcdefABCDEF")

Batches = Iterator[pa.RecordBatch]


def write_hive(batches: Batches, schema: pa.Schema, folder: Path) -> None:
    """Write Parquet files in folders `symbol=AAPL/day=2026-11-30`, days in UTC.

    Args:
        batches: trades in order of time, as columns.
        schema: their schema.
        folder: an empty folder.
    """
    parts = pa.schema([("symbol", pa.string()), ("day", pa.date32())])
    dataset.write_dataset(
        (_with_day(batch) for batch in batches),
        folder,
        schema=schema.append(parts.field("day")),
        format="parquet",
        partitioning=dataset.partitioning(parts, flavor="hive"),
        max_partitions=MOST_PARTITIONS,
        # In the order in which they come.
        use_threads=False,
        existing_data_behavior="overwrite_or_ignore",
    )


def _with_day(batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch.append_column("day", batch["timestamp"].cast(TIME).cast(pa.date32()))


def write_lean(batches: Batches, _schema: pa.Schema, folder: Path) -> None:
    """Write the ticks of each symbol and day in New York as Lean lays them out, a day in memory at a time.

    As Data/equity/readme.md of its repository has it: milliseconds of the day, price times 10,000, size,
    exchange, conditions, suspicious.

    Args:
        batches: trades in order of time, as columns.
        folder: an empty folder.
    """
    names = "timestamp", "symbol", "price", "volume", "conditions"
    rows = (
        row for batch in batches for row in zip(*(batch[name].to_pylist() for name in names), strict=True)
    )
    local = ((row[0].astimezone(NEW_YORK), *row[1:]) for row in rows)
    for day, trades in groupby(local, key=lambda row: row[0].date()):
        lines: Mapping[str, list[str]] = defaultdict(list)
        for moment, symbol, *amounts in trades:
            lines[symbol.lower()].append(_lean_line(moment, *amounts))
        for symbol, own in sorted(lines.items(), key=itemgetter(0)):
            path = folder / "equity" / "usa" / "tick" / symbol / f"{day:%Y%m%d}_trade.zip"
            path.parent.mkdir(parents=True, exist_ok=True)
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr(f"{day:%Y%m%d}_{symbol}_Trade_Tick.csv", "\n".join([*own, ""]))


def _lean_line(moment: Any, price: Decimal, volume: Decimal, conditions: str | None) -> str:  # noqa: ANN401
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    millis = int((moment.replace(tzinfo=None) - midnight).total_seconds() * 1000)
    codes = conditions if conditions and HEXADECIMAL.issuperset(conditions) else "0"
    scaled, size = ((amount.normalize()) for amount in (price * LEAN_SCALE, volume))
    return f"{millis},{scaled:f},{size:f},,{codes},0"


LAYOUTS: Mapping[str, Callable[[Batches, pa.Schema, Path], None]] = {"hive": write_hive, "lean": write_lean}

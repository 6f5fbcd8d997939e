"""Export of the tape as a CSV or Parquet file, or as a folder of files.

`producer.py --source replay` sends the file through the topic to the same tape; `database.py import` restores
each trade at its record position.
"""

import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from stockstream.connectors.postgres.connection import Address, Connection, own_errors
from stockstream.connectors.postgres.read.export_layouts import LAYOUTS
from stockstream.connectors.postgres.sql import query
from stockstream.errors import TradeFileError, UsageError
from stockstream.market.trade.arrivals import SCHEMA
from stockstream.market.trade.columns import TIME

FORMATS = (".csv", ".parquet")
TEXTS = {field.name: pa.string() for field in SCHEMA}
BLOCK_BYTES = 1 << 24


class Wanted(NamedTuple):
    """Which trades to export: of these symbols, or all, with event times from `since` up to `until`."""

    symbols: Sequence[str]
    since: datetime
    until: datetime


def check_format(path: Path, layout: str | None) -> None:
    """Reject a file whose name is neither that of a CSV nor of a Parquet file, and a folder that is in use.

    Raises:
        UsageError: names what is allowed.
    """
    if layout:
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise UsageError(what=f"{path}: an export with --layout is a new or an empty folder")
        return
    if path.suffix.lower() not in FORMATS:
        raise UsageError(what=f"{path}: the name of an export ends in {' or '.join(FORMATS)}")


def export_trades(
    connection: Connection,
    address: Address,
    path: Path,
    wanted: Wanted,
    layout: str | None = None,
) -> int:
    """Write trades to a file or a folder, completely or not at all, and return how many were written.

    Args:
        connection: the connection to read from.
        address: its address, for errors.
        path: the file or folder to write.
        wanted: which trades to export.
        layout: of a folder, one of LAYOUTS; None for a file.

    Raises:
        TradeFileError: the file cannot be written.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=".export-", dir=path.parent) as folder:
            plain, made = Path(folder) / "trades.csv", Path(folder) / f"made{path.suffix.lower()}"
            # A tick of Lean cannot say that it was corrected.
            rows = _copy(connection, address, plain, wanted, only_standing=layout == "lean")
            if layout:
                made.mkdir()
                LAYOUTS[layout](_batches(plain), SCHEMA, made)
                path.mkdir(exist_ok=True)
            elif made.suffix == ".parquet":
                _as_parquet(plain, made)
            else:
                made = plain
            made.replace(path)
    except (OSError, pa.ArrowException) as exc:
        raise TradeFileError(path=path, reason=exc) from exc
    return rows


def _copy(
    connection: Connection, address: Address, plain: Path, wanted: Wanted, *, only_standing: bool
) -> int:
    asked = wanted._asdict() | {"symbols": list(wanted.symbols) or None, "only_standing": only_standing}
    with own_errors(address), connection, connection.cursor() as cursor, plain.open("wb") as file:
        statement = cursor.mogrify(query("copy_trades_out"), asked).decode()
        cursor.copy_expert(f"COPY ({statement}) TO STDOUT (FORMAT csv, HEADER)", file)
        return int(cursor.rowcount)


def _as_parquet(plain: Path, made: Path) -> None:
    with pq.ParquetWriter(made, SCHEMA, compression="zstd") as writer:
        for batch in _batches(plain):
            writer.write_batch(batch)


def _batches(plain: Path) -> Iterator[pa.RecordBatch]:
    """Yield text as columns: decimals stay exact, an empty cell is null."""
    reader = pyarrow.csv.open_csv(
        plain,
        read_options=pyarrow.csv.ReadOptions(block_size=BLOCK_BYTES),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=TEXTS, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
        ),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
    )
    with reader:
        for batch in reader:
            yield pa.record_batch([_typed(batch, field) for field in SCHEMA], schema=SCHEMA)


def _typed(batch: pa.RecordBatch, field: pa.Field) -> pa.Array:
    texts = batch.column(field.name)
    if field.type == TIME:
        return pc.cast(pc.utf8_rtrim(texts, "Z"), pa.timestamp("us")).cast(TIME)
    return texts.cast(field.type)

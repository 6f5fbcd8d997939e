"""Export of the tape as a CSV or Parquet file.

`producer.py --source replay` sends the file through the topic to the same tape; `database.py import` restores
each trade at its record position.
"""

import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from stockstream.connectors.postgres.connection import Address, Connection, own_errors
from stockstream.connectors.postgres.sql import query
from stockstream.errors import TradeFileError, UsageError
from stockstream.market.trade.arrivals import SCHEMA
from stockstream.market.trade.columns import TIME

FORMATS = (".csv", ".parquet")
TEXTS = {field.name: pa.string() for field in SCHEMA}
BLOCK_BYTES = 1 << 24


def check_format(path: Path) -> None:
    """Reject a file whose name is neither that of a CSV nor of a Parquet file.

    Raises:
        UsageError: names the allowed formats.
    """
    if path.suffix.lower() not in FORMATS:
        raise UsageError(what=f"{path}: the name of an export ends in {' or '.join(FORMATS)}")


def export_trades(
    connection: Connection,
    address: Address,
    path: Path,
    symbols: Sequence[str],
    span: tuple[datetime, datetime],
) -> int:
    """Write trades to a file, completely or not at all, and return how many were written.

    Args:
        connection: the connection to read from.
        address: its address, for errors.
        path: the file to write.
        symbols: the symbols to export; empty for all.
        span: event times from the first (included) to the second (excluded).

    Raises:
        TradeFileError: the file cannot be written.
    """
    wanted: dict[str, object] = {"symbols": list(symbols) or None, "since": span[0], "until": span[1]}
    try:
        with tempfile.TemporaryDirectory(prefix=".export-", dir=path.parent) as folder:
            plain, made = Path(folder) / "trades.csv", Path(folder) / f"made{path.suffix.lower()}"
            rows = _copy(connection, address, plain, wanted)
            if made.suffix == ".parquet":
                _as_parquet(plain, made)
                plain = made
            plain.replace(path)
    except (OSError, pa.ArrowException) as exc:
        raise TradeFileError(path=path, reason=exc) from exc
    return rows


def _copy(connection: Connection, address: Address, plain: Path, wanted: dict[str, object]) -> int:
    with own_errors(address), connection, connection.cursor() as cursor, plain.open("wb") as file:
        statement = cursor.mogrify(query("copy_trades_out"), wanted).decode()
        cursor.copy_expert(f"COPY ({statement}) TO STDOUT (FORMAT csv, HEADER)", file)
        return int(cursor.rowcount)


def _as_parquet(plain: Path, made: Path) -> None:
    """Convert text to columns: decimals stay exact, an empty cell is null."""
    reader = pyarrow.csv.open_csv(
        plain,
        read_options=pyarrow.csv.ReadOptions(block_size=BLOCK_BYTES),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=TEXTS, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
        ),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
    )
    with reader, pq.ParquetWriter(made, SCHEMA, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(pa.record_batch([_typed(batch, field) for field in SCHEMA], schema=SCHEMA))


def _typed(batch: pa.RecordBatch, field: pa.Field) -> pa.Array:
    texts = batch.column(field.name)
    if field.type == TIME:
        return pc.cast(pc.utf8_rtrim(texts, "Z"), pa.timestamp("us")).cast(TIME)
    return texts.cast(field.type)

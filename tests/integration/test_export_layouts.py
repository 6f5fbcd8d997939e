"""A tape exported as a folder is read by the tools of its users, and replayed it is the same tape."""

import zipfile
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import polars as pl
import pytest
from confluent_kafka import Producer

from stockstream.connectors.postgres.connection import Connection, address_of, connect
from stockstream.services.servers.scratch import Scratch
from stockstream.settings import Settings
from tests.fresh import environment_of, fresh
from tests.integration.candles import consume
from tests.integration.topics import rows
from tests.scripts import ran
from tests.unit.test_trade import message

# Before and after midnight in UTC and in New York, and beside a change of the clocks.
TIMES = [
    datetime(2024, 11, 2, 23, 59, 59, 999_000, tzinfo=UTC),
    datetime(2024, 11, 3, 0, 0, 0, 1_000, tzinfo=UTC),
    datetime(2024, 11, 4, 4, 59, 59, 250_000, tzinfo=UTC),
    datetime(2024, 11, 4, 5, 0, 0, 250_000, tzinfo=UTC),
]
SYMBOLS = ["IBM", "BTC/USD"]
FIELDS = (
    "trade_id, price, volume, trade_type, conditions, updates_last, side_inferred, corrects, cancels, "
    "source, anomaly"
)
TAPE = f'SELECT symbol, "timestamp", {FIELDS} FROM trades ORDER BY symbol, "timestamp"'  # noqa: S608


@pytest.fixture
def folder(
    settings: Settings, environment: Mapping[str, str], connection: Connection, tmp_path: Path
) -> Path:
    """A folder for exports, beside a tape with every field."""
    producer = Producer({"bootstrap.servers": settings.kafka_bootstrap_servers})
    for number, moment in enumerate(TIMES):
        for symbol in SYMBOLS:
            fields: dict[str, object] = {
                "trade_id": str(number),
                "timestamp": moment.isoformat(),
                "symbol": symbol,
                "price": 181.8501 + number,
                "volume": 0.5 * (number + 1),
                "trade_type": [None, "BUY", "SELL", "BUY"][number],
                "source": f"s{number}",
            }
            if number == 1:
                fields |= {"conditions": "20002020", "updates_last": False, "anomaly": "burst"}
            if number == 3:
                fields |= {"corrects": "2", "side_inferred": True}
            producer.produce(settings.kafka_topic, message(**fields), key=symbol)
    assert producer.flush(30) == 0
    consume(environment)
    assert len(rows(connection, TAPE)) == len(TIMES) * len(SYMBOLS)
    return tmp_path / "exported"


def export(environment: Mapping[str, str], folder: Path, layout: str) -> None:
    done = ran(environment, "database.py", "export", str(folder), "--layout", layout)
    assert done.returncode == 0, done.stderr
    assert "8 trades in" in done.stdout
    again = ran(environment, "database.py", "export", str(folder), "--layout", layout)
    assert (again.returncode, "is a new or an empty folder" in again.stderr) == (2, True)


def replayed(servers: Scratch, folder: Path, tmp_path: Path, question: str) -> list[tuple[object, ...]]:
    """Replay a folder into another database, and return what that answers."""
    with fresh(servers.settings, tmp_path) as made:
        there = environment_of(made)
        done = ran(there, "producer.py", "--source", "replay", "--file", str(folder), "--speed", "max")
        assert done.returncode == 0, done.stderr
        consume(there)
        with closing(connect(address_of(made), "test")) as elsewhere:
            return rows(elsewhere, question)


def test_parquet_by_symbol_and_day_is_read_and_replayed(
    servers: Scratch, environment: Mapping[str, str], connection: Connection, folder: Path, tmp_path: Path
) -> None:
    export(environment, folder, "hive")
    tape = rows(connection, TAPE)
    assert {str(path.relative_to(folder).parent) for path in folder.rglob("*.parquet")} == {
        f"symbol={symbol}/day=2024-11-{day}" for symbol in ("IBM", "BTC%2FUSD") for day in ("02", "03", "04")
    }
    names = ["symbol", "timestamp", *FIELDS.split(", ")]
    read = {
        "polars": pl.read_parquet(folder / "**/*.parquet", hive_partitioning=True).select(names).rows(),
        "DuckDB": duckdb.execute(
            f"SET TimeZone = 'UTC'; SELECT {', '.join(names)} "  # noqa: S608
            f"FROM read_parquet('{folder}/**/*.parquet', hive_partitioning = true)"
        ).fetchall(),
        "pandas": pd.read_parquet(folder)[names].astype(object).itertuples(index=False, name=None),
    }
    wanted = [(row[0], row[1].astimezone(UTC), *row[2:4]) for row in tape]  # type: ignore[attr-defined]
    for tool, found in read.items():
        plain = sorted(
            (str(symbol), moment, name, Decimal(price)) for symbol, moment, name, price, *_ in found
        )
        assert plain == wanted, tool
    assert replayed(servers, folder, tmp_path, TAPE) == tape


def test_ticks_of_lean_are_read_and_replayed(
    servers: Scratch, environment: Mapping[str, str], connection: Connection, folder: Path, tmp_path: Path
) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM trades WHERE symbol <> 'IBM'")
    done = ran(environment, "database.py", "export", str(folder), "--layout", "lean", "--symbols", "IBM")
    assert done.returncode == 0, done.stderr
    ticks = folder / "equity/usa/tick/ibm"
    assert sorted(path.name for path in ticks.iterdir()) == [
        f"202411{day}_trade.zip" for day in ("02", "03", "04")
    ]
    found = []
    for path in sorted(ticks.iterdir()):
        day = datetime.strptime(path.name[:8], "%Y%m%d").replace(tzinfo=ZoneInfo("America/New_York"))
        with zipfile.ZipFile(path) as archive:
            (name,) = archive.namelist()
            text = tmp_path / name
            text.write_bytes(archive.read(name))
        by_polars = pl.read_csv(text, has_header=False).rows()
        by_pandas = [*pd.read_csv(text, header=None).itertuples(index=False, name=None)]
        by_duckdb = duckdb.execute(f"SELECT * FROM read_csv('{text}', header = false)").fetchall()  # noqa: S608
        assert (
            [row[:3] for row in by_polars] == [row[:3] for row in by_pandas] == [row[:3] for row in by_duckdb]
        )
        found += [((day + timedelta(milliseconds=row[0])), row[1] / 10_000) for row in by_polars]
    wanted = 'SELECT "timestamp", price FROM trades ORDER BY 1'
    assert found == [(moment, float(price)) for moment, price in rows(connection, wanted)]  # type: ignore[arg-type]
    kept = 'SELECT symbol, "timestamp", price, volume FROM trades ORDER BY "timestamp"'
    assert replayed(servers, folder, tmp_path, kept) == rows(connection, kept)

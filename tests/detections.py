"""Helpers for the tests of the running detector: send trades, run it, and read what it wrote."""

from collections import defaultdict
from datetime import datetime

from stockstream.connectors.models.registry import ModelStore
from stockstream.connectors.postgres.connection import Connection
from stockstream.market.anomalies.detector import Detector
from stockstream.market.anomalies.ensemble import Ensemble
from stockstream.market.anomalies.features.market_context import market_context_of
from stockstream.market.anomalies.features.trade_window import Row, of_rows
from stockstream.market.anomalies.finding import Finding
from tests.scripts import ran

Environment = dict[str, str]
Key = tuple[str, str, str | None, datetime]

STORED = """
    SELECT symbol, (extract(epoch FROM "timestamp") * 1000000)::bigint, price::float8, volume::float8,
           CASE trade_type WHEN 'BUY' THEN 1 WHEN 'SELL' THEN -1 ELSE 0 END, trade_id, source
    FROM trades ORDER BY kafka_partition, kafka_offset
"""


def produce(environment: Environment, trades: int, seed: int) -> None:
    """Send simulated trades to the topic."""
    sent = ran(environment, "producer.py", "--rate", "max", "--count", str(trades), "--seed", str(seed))
    assert sent.returncode == 0, sent.stderr


def store(environment: Environment) -> None:
    """Move the topic's trades into the tape."""
    stored = ran(environment, "consumer.py", "--exit-when-idle", "0.5")
    assert stored.returncode == 0, stored.stderr


def fill(environment: Environment, trades: int, seed: int = 7) -> None:
    """Send simulated trades and store them in the tape."""
    produce(environment, trades, seed)
    store(environment)


def detect(environment: Environment, *arguments: str) -> str:
    """Run the detector to its end and return its output."""
    ended = ran(environment, "anomaly_detector.py", *arguments)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def written(connection: Connection) -> list[Key]:
    """Return what the watching detector has written so far."""
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT symbol, kind, trade_id, span_start FROM anomalies")
        return [(symbol, kind, trade_id, start) for symbol, kind, trade_id, start in cursor]


def examined(connection: Connection) -> int:
    """Return how many messages the watching detector has examined."""
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(next_offset), 0) FROM ingest_offsets WHERE job = 'detector'")
        return int((cursor.fetchone() or (0,))[0])


def found_in_one_go(connection: Connection, models: ModelStore) -> list[Finding]:
    """Return what one detector per symbol finds when it sees the whole topic, and so the market, at once."""
    rows: dict[str, list[Row]] = defaultdict(list)
    with connection, connection.cursor() as cursor:
        cursor.execute(STORED)
        for symbol, *row in cursor:
            rows[symbol].append(tuple(row))
    tapes = [of_rows(symbol, own) for symbol, own in rows.items()]
    market = market_context_of(tapes)
    return [
        finding
        for tape in tapes
        for finding in Detector(of_rows(tape.symbol, []), Ensemble(models.load_for(tape.symbol))).examine(
            tape, lambda _first, _last: market
        )
    ]


def keys(findings: list[Finding]) -> set[Key]:
    """Return the key of each finding."""
    return {(each.symbol, each.kind, each.trade_id, each.start) for each in findings}

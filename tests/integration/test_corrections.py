"""Corrections and cancellations: the trade is marked and stays, and its candle says what stands."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from confluent_kafka import Producer

from stockstream.connectors.postgres.connection import Connection, address_of, connect
from stockstream.services.servers.scratch import Scratch
from stockstream.settings import Settings
from tests.fresh import environment_of, fresh
from tests.integration.candles import aggregate, assert_plain_sql, consume, reconcile
from tests.integration.test_replay import exported
from tests.integration.topics import rows
from tests.scripts import ran
from tests.unit.test_trade import message

OPENING = datetime(2026, 11, 20, 10, tzinfo=UTC)
TAPE = """
    SELECT trade_id, price::text, corrects, cancels, corrected_at IS NOT NULL FROM trades
    ORDER BY kafka_partition, kafka_offset
"""
CANDLES = """
    SELECT open::text, max_price::text, min_price::text, close::text, trade_count, total_volume::text
    FROM stock_metrics ORDER BY window_start
"""


def trade(name: str, second: float, price: int, **other: object) -> bytes:
    moment = (OPENING + timedelta(seconds=second)).isoformat()
    return message(trade_id=name, timestamp=moment, price=price, volume=1, **other)


ORIGINALS = (trade("1", 0, 10), trade("2", 10, 99), trade("3", 20, 11), trade("4", 70, 5))
CORRECTION = trade("2c", 10, 12, corrects="2")
CANCELLATION = trade("4x", 70, 5, corrects="4", cancels=True)


def send(settings: Settings, messages: Sequence[bytes]) -> None:
    producer = Producer({"bootstrap.servers": settings.kafka_bootstrap_servers})
    for each in messages:
        producer.produce(settings.kafka_topic, each, key="AAPL")
    assert producer.flush(30) == 0


@pytest.mark.parametrize("first", [len(ORIGINALS), 0])
def test_a_candle_says_what_stands_whenever_the_correction_comes(
    settings: Settings, environment: Mapping[str, str], connection: Connection, first: int
) -> None:
    send(settings, ORIGINALS[:first])
    consume(environment)
    aggregate(environment)
    if first:
        assert rows(connection, CANDLES) == [("10", "99", "10", "11", 3, "3"), ("5", "5", "5", "5", 1, "1")]
    # Sent twice, as a feed does that begins again: by its id it is stored once.
    send(settings, [*ORIGINALS[first:], CORRECTION, CANCELLATION, CORRECTION])
    consume(environment)
    aggregate(environment)
    assert rows(connection, TAPE) == [
        ("1", "10", None, False, False),
        ("2", "99", None, False, True),
        ("3", "11", None, False, False),
        ("4", "5", None, False, True),
        ("2c", "12", "2", False, False),
        ("4x", "5", "4", True, True),
    ]
    assert rows(connection, CANDLES) == [("10", "12", "10", "11", 3, "3")]
    assert_plain_sql(connection)
    audit = ran(environment, "test_system.py", "--audit")
    assert audit.returncode == 0, audit.stdout


def test_a_correction_is_itself_corrected(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    send(settings, [*ORIGINALS, CORRECTION, trade("2d", 10, 13, corrects="2c")])
    consume(environment)
    reconcile(environment)
    assert rows(connection, CANDLES)[0] == ("10", "13", "10", "11", 3, "3")
    assert_plain_sql(connection)


def test_a_cancellation_of_what_is_not_there_counts_as_no_trade(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    send(settings, [ORIGINALS[0], CANCELLATION])
    consume(environment)
    aggregate(environment)
    assert rows(connection, CANDLES) == [("10", "10", "10", "10", 1, "1")]
    assert_plain_sql(connection)


def test_wider_candles_follow_a_correction_of_a_side_and_go_with_their_last_trade(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    wide = "SELECT buy_volume::text, sell_volume::text, trade_count FROM candles"
    for messages, expected in (
        ([trade("1", 0, 10)], [("1", "0", 1)]),
        ([trade("1c", 0, 10, corrects="1", trade_type="SELL")], [("0", "1", 1)]),
        ([trade("1x", 0, 10, corrects="1c", cancels=True)], []),
    ):
        send(settings, messages)
        consume(environment)
        done = ran(environment, "aggregator.py", "--window", "5m", "--exit-when-idle", "1")
        assert done.returncode == 0, done.stderr
        assert rows(connection, wide) == expected
    assert_plain_sql(connection)


def test_corrections_are_exported_imported_and_replayed(
    servers: Scratch, settings: Settings, environment: dict[str, str], connection: Connection, tmp_path: Path
) -> None:
    send(settings, [*ORIGINALS, CORRECTION, CANCELLATION])
    consume(environment)
    tape = sorted(rows(connection, TAPE))
    for name in ("tape.csv", "tape.parquet"):
        file = tmp_path / name
        assert exported(environment, file) == len(tape)
        for command in (
            ("database.py", "import", str(file)),
            ("producer.py", "--source", "replay", "--file", str(file), "--speed", "max"),
        ):
            with fresh(servers.settings, tmp_path) as made:
                there = environment_of(made)
                done = ran(there, *command)
                assert done.returncode == 0, done.stderr
                consume(there)
                reconcile(there)
                with closing(connect(address_of(made), "test")) as elsewhere:
                    assert sorted(rows(elsewhere, TAPE)) == tape
                    assert_plain_sql(elsewhere)

"""The consumer on real servers: each message stored once, or kept as a dead letter."""

import signal
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial

import pytest
from confluent_kafka import Producer

from stockstream.connectors.postgres.connection import Address, Connection, connect
from stockstream.connectors.postgres.store.encoded_batch import EncodedBatch, encode
from stockstream.connectors.postgres.store.trades import Stored, Tape
from stockstream.errors import FencedError
from stockstream.market.trade.arrivals import Messages, sort
from stockstream.settings import Settings
from tests.integration.tapes import trade_message
from tests.scripts import ran, running
from tests.waiting import until

COUNT = 2_000


@pytest.fixture
def tape(address: Address, settings: Settings) -> Iterator[Tape]:
    tape = Tape(address, settings.kafka_topic)
    yield tape
    tape.close()


def batch(*values: bytes | None, start: int = 0) -> EncodedBatch:
    """Messages of partition 0 from an offset on."""
    count = len(values)
    offsets = list(range(start, start + count))
    return encode(sort(Messages(values, [None] * count, [0] * count, offsets), {0: (start, start + count)}))


def rows(connection: Connection, sql: str) -> list[tuple[object, ...]]:
    with connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def test_a_batch_and_its_place_are_one(tape: Tape, connection: Connection) -> None:
    assert tape.acquire([0]) == {0: 0}
    assert tape.append(batch(trade_message(1), trade_message(2))) == Stored(trades=2)
    assert rows(connection, "SELECT next_offset FROM ingest_offsets") == [(2,)]
    assert rows(connection, "SELECT trade_id, kafka_offset FROM trades ORDER BY 1") == [("1", 0), ("2", 1)]


def test_a_repeated_batch_is_stored_once(tape: Tape, connection: Connection) -> None:
    tape.acquire([0])
    again = batch(trade_message(1))
    tape.append(again)
    assert tape.append(again) == Stored(trades=1)
    assert rows(connection, "SELECT count(*) FROM trades") == [(1,)]


def test_a_trade_met_again_at_a_new_offset_is_counted_and_not_stored(
    tape: Tape, connection: Connection
) -> None:
    tape.acquire([0])
    tape.append(batch(trade_message(1), trade_message(2)))
    found = tape.append(batch(trade_message(2), trade_message(3), trade_message(3), start=2))
    assert found == Stored(trades=1, duplicates=2)
    assert rows(connection, "SELECT duplicates, next_offset FROM ingest_offsets") == [(2, 5)]
    assert rows(connection, "SELECT trade_id, kafka_offset FROM trades ORDER BY 1") == [
        ("1", 0),
        ("2", 1),
        ("3", 3),
    ]


def test_a_bad_message_is_kept_whole_with_its_reason(tape: Tape, connection: Connection) -> None:
    tape.acquire([0])
    assert tape.append(batch(b"\x00\xff", trade_message(1), None)) == Stored(trades=1, dead_letters=2)
    found = rows(connection, "SELECT kafka_offset, payload, reason FROM dead_letters ORDER BY kafka_offset")
    assert [(offset, bytes(text) if text is not None else None, why) for offset, text, why in found] == [  # type: ignore[call-overload]
        (0, b"\x00\xff", "message is not UTF-8 (byte 1)"),
        (2, None, "message is empty"),
    ]


def test_a_value_that_the_table_refuses_is_found_among_the_good(tape: Tape, connection: Connection) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE trades ADD CHECK (trade_id <> '7')")
    tape.acquire([0])
    assert tape.append(batch(*map(trade_message, range(20)))) == Stored(trades=19, dead_letters=1)
    assert rows(connection, "SELECT kafka_offset FROM dead_letters") == [(7,)]


def test_a_zombie_is_refused(
    tape: Tape, address: Address, settings: Settings, connection: Connection
) -> None:
    tape.acquire([0])
    heir = Tape(address, settings.kafka_topic)
    heir.acquire([0])
    with pytest.raises(FencedError):
        tape.append(batch(trade_message(1)))
    assert rows(connection, "SELECT count(*) FROM trades") == [(0,)]
    assert heir.append(batch(trade_message(1))) == Stored(trades=1)
    heir.close()


def produce(settings: Settings, count: int, start: int = 0) -> None:
    producer = Producer({"bootstrap.servers": settings.kafka_bootstrap_servers})
    for number in range(start, start + count):
        producer.produce(settings.kafka_topic, trade_message(number), key=f"S{number % 10}".encode())
    assert producer.flush(30) == 0


def count(connection: Connection) -> object:
    return rows(connection, "SELECT count(*) FROM trades")[0][0]


def test_what_is_in_the_topic_is_in_the_table(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    produce(settings, COUNT)
    consumer = ran(environment, "consumer.py", "--exit-when-idle", "1")
    assert consumer.returncode == 0, consumer.stderr
    assert f"{COUNT:,} trades" in consumer.stderr
    assert rows(connection, "SELECT count(*), count(DISTINCT trade_id) FROM trades") == [(COUNT, COUNT)]
    assert rows(connection, "SELECT sum(next_offset) FROM ingest_offsets") == [(COUNT,)]


def test_killed_at_any_time_it_loses_and_doubles_nothing(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    for start in (0, COUNT, 2 * COUNT):
        produce(settings, COUNT, start)
        seen = count(connection)
        with running(environment, "consumer.py"):
            until(partial(lambda seen: count(connection) != seen, seen), timeout=30)
    final = ran(environment, "consumer.py", "--exit-when-idle", "1")
    assert final.returncode == 0, final.stderr
    assert rows(connection, "SELECT count(*), count(DISTINCT trade_id) FROM trades") == [
        (3 * COUNT, 3 * COUNT)
    ]


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(
    settings: Settings,
    environment: Mapping[str, str],
    connection: Connection,
    signum: signal.Signals,
) -> None:
    produce(settings, 10)
    with running(environment, "consumer.py") as consumer:
        until(lambda: count(connection) == 10, timeout=30)
        consumer.send_signal(signum)
        _, told = consumer.communicate(timeout=60)
    assert consumer.returncode == 0, told
    assert "ended: 10 trades" in told


def test_a_missing_server_is_one_line_and_patience(environment: Mapping[str, str]) -> None:
    with running(dict(environment) | {"POSTGRES_PORT": "1"}, "consumer.py") as consumer:
        assert consumer.stderr is not None
        line = consumer.stderr.readline()
        assert "cannot reach PostgreSQL at 127.0.0.1:1 (Connection refused); is it running?" in line
        consumer.terminate()
        _, rest = consumer.communicate(timeout=60)
    assert consumer.returncode == 0
    assert "Traceback" not in rest


def test_a_missing_schema_is_one_line(environment: Mapping[str, str]) -> None:
    consumer = ran(dict(environment) | {"POSTGRES_DB": "postgres"}, "consumer.py")
    assert consumer.returncode == 1
    assert consumer.stderr.splitlines()[-1].endswith("run: python database.py init")


def test_a_day_is_made_while_another_session_stores_trades_of_it_elsewhere(
    tape: Tape, connection: Connection, address: Address
) -> None:
    tape.acquire([0])
    with closing(connect(address, "test")) as other, other.cursor() as cursor:
        cursor.execute(
            'INSERT INTO trades (trade_id, "timestamp", symbol, price, volume, trade_type, source,'
            " kafka_partition, kafka_offset)"
            " VALUES ('0', '2026-11-23T09:00Z', 'V', 1, 1, 'BUY', 'test', 1, 0)"
        )
        with ThreadPoolExecutor() as pool:
            stored = pool.submit(tape.append, batch(trade_message(1)))
            until(lambda: rows(connection, "SELECT FROM pg_locks WHERE NOT granted"))
            other.commit()
            assert stored.result(timeout=60) == Stored(trades=1)
    assert rows(connection, "SELECT trade_id FROM trades_20261123 ORDER BY 1") == [("0",), ("1",)]

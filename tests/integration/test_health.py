"""test_system.py against real servers: what is down, missing, stale, behind, or well."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import ThreadingHTTPServer
from threading import Thread

import pytest
from confluent_kafka import Producer
from psycopg2 import sql

from stockstream.connectors.postgres.connection import Connection
from stockstream.connectors.postgres.schema import newest
from stockstream.connectors.postgres.sql import query
from stockstream.services.ports import free_port
from stockstream.settings import Settings
from tests.integration.health_scene import (
    Environment,
    Well,
    candle,
    examine,
    place,
    run,
    silent_port,
    states,
    store,
)

TAPE = 100_000  # trades, in some thousand pages
MOST_PAGES = 100


@pytest.fixture
def page(environment: Environment) -> Iterator[Environment]:
    """The environment, with something that answers where the dashboard does."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Well) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield environment | {"DASHBOARD_PORT": str(server.server_port)}
        server.shutdown()


@pytest.fixture
def produce(settings: Settings) -> Callable[[int], None]:
    def produce(count: int, partition: int = 0) -> None:
        producer = Producer({"bootstrap.servers": settings.kafka_bootstrap_servers})
        for _ in range(count):
            producer.produce(settings.kafka_topic, b"{}", partition=partition)
        assert producer.flush(10) == 0

    return produce


def test_a_system_that_flows_is_healthy(
    page: Environment, settings: Settings, connection: Connection, produce: Callable[[int], None]
) -> None:
    now = datetime.now(UTC)
    produce(3)
    store(connection, 3, now)
    place(connection, "consumer", settings.kafka_topic, 3)
    place(connection, "aggregator", settings.kafka_topic, 3)
    candle(connection, now.replace(second=0, microsecond=0))
    code, checks = examine(page)
    assert states(checks) == {
        "kafka": "ok",
        "topic": "ok",
        "postgresql": "ok",
        "schema": "ok",
        "processes": "waiting",
        "trades": "ok",
        "consumer": "ok",
        "aggregator": "ok",
        "candles": "ok",
        "model": "waiting",
        "dashboard": "ok",
    }
    assert code == 0
    assert checks["topic"]["detail"] == f"{settings.kafka_topic} with 4 partitions"
    assert checks["schema"]["detail"] == f"version {newest()}, the newest"
    assert checks["model"]["detail"].endswith("the smallest, AAPL, has 3")


@pytest.mark.parametrize("kind", ["refused", "silent"])
def test_everything_down_is_told(environment: Environment, kind: str) -> None:
    with silent_port() as silent:
        port = str(silent if kind == "silent" else free_port())
        down = {"KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{port}", "POSTGRES_PORT": port, "DASHBOARD_PORT": port}
        code, checks = examine(environment | down)
    assert code == 1
    assert {name for name, state in states(checks).items() if state != "failed"} == {"processes"}
    assert all(check["remedy"] for check in checks.values() if check["state"] == "failed")


def test_kafka_down_leaves_the_tables_judged(environment: Environment, connection: Connection) -> None:
    store(connection, 1, datetime.now(UTC))
    code, checks = examine(environment | {"KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{free_port()}"})
    assert code == 1
    assert states(checks).items() >= {"kafka": "failed", "schema": "ok", "consumer": "failed"}.items()
    assert checks["consumer"]["remedy"] == "mend kafka first"


def test_a_missing_topic_is_named(environment: Environment) -> None:
    _, checks = examine(environment | {"KAFKA_TOPIC": "nowhere"})
    assert (checks["topic"]["state"], checks["topic"]["detail"]) == ("failed", "there is no topic nowhere")


def test_a_missing_schema_is_told_with_the_command_that_makes_it(
    environment: Environment, connection: Connection
) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute("DROP TABLE schema_versions")
    code, checks = examine(environment)
    assert code == 1
    assert (checks["schema"]["state"], checks["schema"]["remedy"]) == ("failed", "python database.py init")
    assert checks["trades"]["detail"] == "cannot tell without schema"


def test_a_wrong_password_is_told_as_such(environment: Environment) -> None:
    _, checks = examine(environment | {"POSTGRES_PASSWORD": "wrong"})
    assert "does not let user" in checks["postgresql"]["detail"]


def test_a_learned_symbol_is_seen(environment: Environment, settings: Settings) -> None:
    settings.models_dir.mkdir()
    (settings.models_dir / "AAPL.json").touch()
    _, checks = examine(environment)
    assert checks["model"]["state"] == "ok"
    assert checks["model"]["detail"].startswith("1 symbol learned, the newest ")


def test_trades_that_stopped_are_named(
    environment: Environment, settings: Settings, connection: Connection
) -> None:
    store(connection, 1, datetime.now(UTC) - timedelta(minutes=5))
    place(connection, "consumer", settings.kafka_topic, 0, idle=300)
    code, checks = examine(environment)
    assert code == 1
    assert checks["trades"]["detail"] == "the newest is 5 min old; the limit without one is 10 s"


def test_a_consumer_that_stands_still_before_messages_is_named(
    environment: Environment, settings: Settings, connection: Connection, produce: Callable[[int], None]
) -> None:
    produce(25)
    place(connection, "consumer", settings.kafka_topic, 5, idle=60)
    _, checks = examine(environment)
    assert checks["consumer"]["state"] == "failed"
    assert (
        checks["consumer"]["detail"] == "stands still in partition 0: 20 to read, 20 of them in partition 0"
    )


def test_candles_that_stopped_are_named(
    environment: Environment, settings: Settings, connection: Connection
) -> None:
    now = datetime.now(UTC)
    store(connection, 1, now)
    place(connection, "consumer", settings.kafka_topic, 0)
    candle(connection, now - timedelta(minutes=5), idle=240)
    _, checks = examine(environment)
    assert states(checks).items() >= {"trades": "ok", "candles": "failed"}.items()


def test_the_symbol_with_the_fewest_trades_is_found(environment: Environment, connection: Connection) -> None:
    with connection, connection.cursor() as cursor:
        for number, symbol in enumerate(["MSFT", "AAPL", "NVDA"]):
            cursor.execute(
                'INSERT INTO trades (trade_id, "timestamp", symbol, price, volume, trade_type, source,'
                " kafka_partition, kafka_offset)"
                " SELECT i, now(), %s, 1, 1, 'BUY', 'test', %s, i FROM generate_series(1, %s) AS i",
                (symbol, number, 1_500 if symbol != "AAPL" else 40),
            )
    _, checks = examine(environment)
    assert checks["model"]["detail"].endswith("the smallest, AAPL, has 40")


def test_no_question_reads_a_whole_table(connection: Connection) -> None:
    """Of a tape of a thousand pages and more, each question reads a few."""
    with connection, connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO trades (trade_id, "timestamp", symbol, price, volume, trade_type, source,'
            " kafka_partition, kafka_offset)"
            " SELECT i, now() - i * interval '1 ms', (ARRAY['AAPL', 'MSFT', 'NVDA'])[1 + i %% 3], 1, 1,"
            " 'BUY', 'test', 0, i FROM generate_series(1, %s) AS i",
            (TAPE,),
        )
        cursor.execute("ANALYZE trades")
        for name in ("probe_trade", "probe_fewest_trades", "probe_candle", "probe_dead_letter"):
            asked = sql.SQL("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {}").format(sql.SQL(query(name)))
            cursor.execute(asked, {"enough": 9, "topic": "t"})
            plan = (cursor.fetchone() or ([],))[0][0]["Plan"]
            assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < MOST_PAGES, (name, plan)


def test_piped_lines_are_plain_and_each_check_is_one(environment: Environment) -> None:
    ran = run(environment)
    printed = ran.stdout.splitlines()
    assert ran.returncode == 1
    assert "\x1b" not in ran.stdout
    assert ran.stderr == ""
    assert len(printed) == 12
    assert printed[-1].startswith("not healthy: ")


def test_a_wrong_option_ends_with_exit_2() -> None:
    assert run(dict(os.environ), "--nonsense").returncode == 2

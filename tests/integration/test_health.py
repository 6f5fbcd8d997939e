"""test_system.py against real servers: what is down, missing, stale, behind, or well."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from confluent_kafka import Producer
from psycopg2 import sql

from stockstream.connectors.postgres import Connection
from stockstream.connectors.schema import newest
from stockstream.connectors.sql import query
from stockstream.services import processes
from stockstream.services.ports import free_port
from stockstream.services.processes import ProcessState
from stockstream.services.run_folder import RunFolder
from stockstream.services.supervision import Supervisor
from stockstream.settings import PROJECT, Settings
from tests.waiting import until

Environment = dict[str, str]
Checks = dict[str, dict[str, Any]]


def examine(environment: Environment) -> tuple[int, Checks]:
    """Run the script; returns its exit code and the checks by name."""
    ran = run(environment, "--json")
    said = json.loads(ran.stdout)
    assert said["healthy"] == (ran.returncode == 0)
    return ran.returncode, {check["name"]: check for check in said["checks"]}


def run(environment: Environment, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "test_system.py", *arguments]
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)


def states(checks: Checks) -> dict[str, str]:
    return {name: check["state"] for name, check in checks.items()}


class _Well(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/_stcore/health" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        pass


@pytest.fixture
def page(environment: Environment) -> Iterator[Environment]:
    """The environment, with something that answers where the dashboard does."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Well) as server:
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


def store(connection: Connection, count: int, at: datetime, symbol: str = "AAPL") -> None:
    """Put trades into the table, the newest at a moment."""
    rows = [
        (f"{symbol}-{number}", at - timedelta(milliseconds=number), symbol, number) for number in range(count)
    ]
    with connection, connection.cursor() as cursor:
        cursor.executemany(
            'INSERT INTO trades (trade_id, "timestamp", symbol, price, volume, trade_type, source,'
            " kafka_partition, kafka_offset) VALUES (%s, %s, %s, 1, 1, 'BUY', 'test', 0, %s)",
            rows,
        )


def place(connection: Connection, job: str, topic: str, next_offset: int, idle: float = 0) -> None:
    """Say how far a job is in partition 0, and that it moved so many seconds ago."""
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ingest_offsets (job, topic, kafka_partition, next_offset, owner_epoch, updated_at)"
            " VALUES (%s, %s, 0, %s, 1, now() - make_interval(secs => %s))",
            (job, topic, next_offset, idle),
        )


def candle(connection: Connection, start: datetime, idle: float = 0) -> None:
    """Put one candle into the table, written so many seconds ago."""
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO stock_metrics (symbol, window_start, window_end, trade_count, total_volume,"
            " total_value, buy_volume, sell_volume, is_final, updated_at)"
            " VALUES ('AAPL', %s, %s, 1, 1, 1, 1, 0, false, now() - make_interval(secs => %s))",
            (start, start + timedelta(minutes=1), idle),
        )


@contextmanager
def silent_port() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield listener.getsockname()[1]


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
def test_everything_down_is_told_in_under_ten_seconds(environment: Environment, kind: str) -> None:
    with silent_port() as silent:
        port = str(silent if kind == "silent" else free_port())
        down = {"KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{port}", "POSTGRES_PORT": port, "DASHBOARD_PORT": port}
        began = time.monotonic()
        code, checks = examine(environment | down)
    assert time.monotonic() - began < 10
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
    assert "refuses user" in checks["postgresql"]["detail"]


def test_a_learned_symbol_is_seen(environment: Environment, settings: Settings) -> None:
    settings.models_dir.mkdir()
    (settings.models_dir / "AAPL.json").touch()
    _, checks = examine(environment)
    assert (checks["model"]["state"], checks["model"]["detail"]) == ("ok", "1 symbol learned")


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
    """Every plan for a big table of trades goes by an index."""
    with connection, connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        for name in ("vitals_trade", "vitals_fewest", "vitals_candle", "vitals_dead_letter"):
            cursor.execute(sql.SQL("EXPLAIN {}").format(sql.SQL(query(name))), {"enough": 9, "topic": "t"})
            plan = "\n".join(line for (line,) in cursor)
            for table in ("trades", "stock_metrics", "dead_letters"):
                assert f"Seq Scan on {table}" not in plan, name


def test_a_process_that_was_killed_is_named_when_it_has_just_come_back(
    environment: Environment, supervised: Callable[[], dict[str, ProcessState]]
) -> None:
    until(lambda: all(since(each) > 11 for each in supervised().values()), patience=30)
    killed = supervised()["consumer"].pid
    os.kill(killed, signal.SIGKILL)
    _, checks = examine(environment)
    assert checks["process consumer"]["state"] == "failed"
    assert checks["process consumer"]["remedy"].startswith(f"see {supervised()['consumer'].log}")
    assert (checks["process producer"]["state"], checks["process aggregator"]["state"]) == ("ok", "ok")
    until(lambda: supervised()["consumer"].state == "running" and supervised()["consumer"].pid != killed)
    _, checks = examine(environment)
    assert "restarted" in checks["process consumer"]["detail"]
    assert checks["trades"]["remedy"] == f"see {supervised()['producer'].log}"


def since(process: ProcessState) -> float:
    """Return for how many seconds a process has run."""
    return (datetime.now(UTC) - process.since).total_seconds() if process.since and process.pid else 0


# In a process of its own, as start.sh does it: the supervisor outlives the one who launches it.
LAUNCH = """
import sys
from pathlib import Path
from stockstream.services.program import Program
from stockstream.services.run_folder import RunFolder
from stockstream.services.supervision import Supervisor

folder = RunFolder(Path(sys.argv[1]))
folder.make()
names = ("producer", "consumer", "aggregator")
sleeper = (sys.executable, "-c", "import time; time.sleep(600)")
Supervisor(folder).launch(Program(name, sleeper, folder.path) for name in names)
Supervisor(folder).start(names)
"""


@pytest.fixture
def supervised(settings: Settings) -> Iterator[Callable[[], dict[str, ProcessState]]]:
    """Three processes under a supervisor; called, it returns their states by name."""
    folder = RunFolder(settings.data_dir.resolve())
    subprocess.run([sys.executable, "-c", LAUNCH, folder.path], cwd=PROJECT, check=True)
    yield lambda: {process.name: process for process in processes.states(settings)}
    Supervisor(folder).shutdown()
    folder.sweep()


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

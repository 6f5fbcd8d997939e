"""Every process tells of itself what the database says, in metrics and in log lines that a machine reads."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from confluent_kafka import Producer

from stockstream.connectors.kafka.topic import ends
from stockstream.connectors.metrics.server import PROCESSES
from stockstream.connectors.postgres.connection import Connection
from stockstream.settings import PROJECT, Settings
from tests.integration.tapes import trade_message
from tests.integration.topics import count, rows
from tests.scrape import Scrape, free_base, page, scraper
from tests.scripts import ran
from tests.waiting import until

TIMEOUT = 90.0
PASSWORD = "kafka_password"  # noqa: S105 - the default of the settings
SCRIPTS = {
    "producer": ("producer.py", "--rate", "20", "--seed", "5"),
    "consumer": ("consumer.py",),
    "aggregator": ("aggregator.py",),
    "detector": ("anomaly_detector.py", "watch"),
}


@contextmanager
def logging_to(folder: Path, environment: Mapping[str, str], name: str) -> Iterator[Path]:
    """Run a process with its lines in a file; it is gone afterwards."""
    log = folder / f"{name}.log"
    command = [sys.executable, *SCRIPTS[name]]
    with (
        log.open("wb") as out,
        subprocess.Popen(command, cwd=PROJECT, env=dict(environment), stderr=out) as child,
    ):
        try:
            yield log
            child.terminate()
            assert child.wait(30) == 0, log.read_text("utf-8")
        finally:
            child.kill()


def lines_of(log: Path) -> list[dict[str, object]]:
    """Return log lines; each is one object of JSON."""
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()]


def send(settings: Settings, messages: Sequence[bytes], partition: int = 0) -> None:
    producer = Producer({"bootstrap.servers": settings.kafka_bootstrap_servers})
    for message in messages:
        producer.produce(settings.kafka_topic, message, partition=partition)
    assert producer.flush(30) == 0


LATE = [trade_message(604, second=2)]


def mixed() -> list[bytes]:
    """A minute that is over, a repeat, a run of one side, and messages that are none."""
    plain = [trade_message(number, second=number / 10) for number in range(600)]
    spike = [trade_message(600, second=60, price="950.0")]
    later = [trade_message(601, second=63), trade_message(602, second=59), trade_message(603, second=130)]
    return [*plain, *spike, *later, trade_message(601, second=63), b"", b"{}"]


def test_what_the_processes_tell_is_what_the_database_says(
    settings: Settings, environment: dict[str, str], connection: Connection, tmp_path: Path
) -> None:
    send(settings, mixed())
    base = free_base()
    own = environment | {"METRICS_PORT": str(base), "LOG_FORMAT": "json"}
    look = {name: scraper(base + number) for number, name in enumerate(PROCESSES)}
    with ExitStack() as stack:
        # An engine begins where the consumer is, and this one is to read all.
        logs = {"aggregator": stack.enter_context(logging_to(tmp_path, own, "aggregator"))}
        until(lambda: is_done(look["aggregator"]()), TIMEOUT)
        send(settings, LATE)
        until(lambda: look["aggregator"]().value("stockstream_late_trades_total") == 1, TIMEOUT)
        for name in ("consumer", "detector"):
            logs[name] = stack.enter_context(logging_to(tmp_path, own, name))
        until(lambda: is_done(look["consumer"]()), TIMEOUT)
        until(lambda: is_done(look["detector"]()), TIMEOUT)
        check_consumer(look["consumer"](), connection)
        until(lambda: late(connection) == 1, TIMEOUT)
        until(lambda: changed(look["aggregator"]()) == 2, TIMEOUT)
        # The last minute has long been over by the clock: it closes once its partition is quiet.
        until(lambda: look["aggregator"]().value("stockstream_open_windows") == 0, TIMEOUT)
        check_aggregator(look["aggregator"]())
        check_detector(look["detector"](), connection)
        logs["producer"] = stack.enter_context(logging_to(tmp_path, own, "producer"))
        before = len(mixed() + LATE)
        until(lambda: told(look["producer"]()), TIMEOUT)
        sent = total(settings) - before
        until(lambda: told(look["producer"]()) >= sent, TIMEOUT)
        assert told(look["producer"]()) <= total(settings) - before
        for number in range(len(PROCESSES)):
            assert page(base + number, "/healthz") == (200, "ok\n")
    for name, log in logs.items():
        check_lines(name, log)


def is_done(seen: Scrape) -> bool:
    lags = seen.by("stockstream_lag_messages", "partition")
    messages = seen.value("stockstream_messages_total")
    return messages is not None and messages >= len(mixed()) and lags == dict.fromkeys("0123", 0.0)


def late(connection: Connection) -> object:
    return rows(connection, "SELECT coalesce(sum(late_trades), 0) FROM stock_metrics")[0][0]


def changed(seen: Scrape) -> float:
    """Candles that were changed after they were final: of the late trade, and of the repeat."""
    return seen.by("stockstream_reconciled_candles_total", "outcome")["changed"]


def told(seen: Scrape) -> float:
    return seen.value("stockstream_acknowledged_trades_total") or 0.0


def total(settings: Settings) -> int:
    return sum(ends(settings.kafka_bootstrap_servers, settings.kafka_topic).values())


def check_consumer(seen: Scrape, connection: Connection) -> None:
    stored = count(connection)
    assert stored == seen.value("stockstream_trades_total") == 605
    assert rows(connection, "SELECT sum(duplicates) FROM ingest_offsets WHERE job = 'consumer'") == [(1,)]
    assert seen.value("stockstream_duplicates_total") == 1
    dead = {"message": 1.0, "field": 1.0, "refused": 0.0}
    assert seen.by("stockstream_dead_letters_total", "reason") == dead
    assert rows(connection, "SELECT count(*) FROM dead_letters") == [(2,)]
    # The repeat is in a batch that is committed, as well.
    assert seen.value("stockstream_trade_latency_seconds_count") == 606
    newest = datetime(2026, 11, 23, 10, 2, 10, tzinfo=UTC).timestamp()
    assert seen.value("stockstream_newest_trade_timestamp_seconds") == newest
    assert seen.value("stockstream_batch_commit_seconds_count") >= 1  # type: ignore[operator]
    assert seen.value("stockstream_rebalances_total", kind="assigned") == 1
    assert seen.value("stockstream_waiting") == 0


def check_aggregator(seen: Scrape) -> None:
    states = seen.by("stockstream_candles_total", "state")
    assert states["final"] >= 1
    assert seen.value("stockstream_waiting_minutes") == 0
    assert seen.value("stockstream_skipped_messages_total") == 2
    passed = datetime(2026, 11, 23, 10, 2, 10, tzinfo=UTC).timestamp()
    assert seen.by("stockstream_watermark_timestamp_seconds", "partition") == {"0": passed}


def check_detector(seen: Scrape, connection: Connection) -> None:
    kinds = {
        str(kind): found
        for kind, found in rows(connection, "SELECT kind, count(*) FROM anomalies GROUP BY 1")
    }
    assert kinds
    assert seen.by("stockstream_findings_total", "kind") == kinds


def check_lines(name: str, log: Path) -> None:
    assert PASSWORD not in log.read_text("utf-8")
    lines = lines_of(log)
    assert {line["process"] for line in lines} == {SCRIPTS[name][0].removesuffix(".py")}
    for line in lines:
        assert str(datetime.fromisoformat(str(line["timestamp"])).tzinfo) == "UTC"
        assert line["level"] in {"INFO", "WARNING"}
        assert line["message"]
    if name == "detector":
        assert {line["symbol"] for line in lines if "score" in line} == {"AAPL"}


def test_a_port_that_is_taken_is_one_line_and_the_trading_goes_on(
    settings: Settings, environment: dict[str, str], connection: Connection
) -> None:
    send(settings, [trade_message(1)])
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        own = environment | {"METRICS_PORT": str(port - PROCESSES.index("consumer"))}
        consumer = ran(own, "consumer.py", "--exit-when-idle", "0.5")
    assert consumer.returncode == 0, consumer.stderr
    (line,) = [each for each in consumer.stderr.splitlines() if "metrics" in each]
    assert f"no metrics, cannot listen on port {port} of 127.0.0.1 (Address already in use)" in line
    assert "set METRICS_PORT to another base port" in line
    assert count(connection) == 1


def test_an_outage_is_told_while_it_lasts(environment: dict[str, str], tmp_path: Path) -> None:
    base = free_base()
    port = base + PROCESSES.index("consumer")
    own = environment | {"METRICS_PORT": str(base), "LOG_FORMAT": "json", "POSTGRES_PORT": "1"}
    look = scraper(port)
    with logging_to(tmp_path, own, "consumer") as log:
        until(lambda: look().value("stockstream_waiting") == 1, TIMEOUT)
        assert look().by("stockstream_retries_total", "error")["PostgresUnreachableError"] >= 1
        assert page(port, "/healthz") == (200, "ok\n")
    errors = [line for line in lines_of(log) if "error" in line]
    assert errors[0]["error"] == "PostgresUnreachableError"
    assert errors[0]["level"] == "WARNING"

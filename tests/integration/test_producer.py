"""The producer as a process, on a real broker: as many trades as asked for, and none lost."""

import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event

import pytest
from confluent_kafka import Consumer, Message, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from stockstream.connectors.kafka.sink import QUEUE, SLICE, KafkaSink, Messages
from stockstream.connectors.kafka.topic import ends
from stockstream.errors import RecoverableError
from stockstream.market.simulator import listed
from stockstream.market.trade.codec import decode
from stockstream.market.trade.labels import read_label
from stockstream.market.trade.schema import Trade
from stockstream.services.servers.scratch import Scratch
from stockstream.settings import PROJECT, Settings
from tests.fresh import environment_of
from tests.waiting import until

TIMEOUT = 120.0  # the first producer of a fresh checkout compiles its encoder
COUNTS = re.compile(r"([\d,]+) trades sent, ([\d,]+) acknowledged, ([\d,]+) failed")


@contextmanager
def producing(
    environment: Mapping[str, str], log: Path, *arguments: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Run producer.py, its lines in `log`; it is gone afterwards."""
    command = [sys.executable, str(PROJECT / "producer.py"), *arguments]
    with log.open("wb") as lines, subprocess.Popen(command, env=environment, stderr=lines) as process:
        try:
            yield process
        finally:
            process.kill()


def run(environment: Mapping[str, str], log: Path, *arguments: str) -> str:
    """Run producer.py to its good end and return its lines."""
    with producing(environment, log, *arguments) as process:
        assert process.wait(TIMEOUT) == 0, log.read_text()
    return log.read_text()


def counted(lines: str) -> tuple[int, int, int]:
    """Return what the last line with counts says: sent, acknowledged, failed."""
    sent, acknowledged, failed = COUNTS.findall(lines)[-1]
    return int(sent.replace(",", "")), int(acknowledged.replace(",", "")), int(failed.replace(",", ""))


def total(settings: Settings) -> int:
    return sum(ends(settings.kafka_bootstrap_servers, settings.kafka_topic).values())


def reached(settings: Settings, number: int) -> bool:
    """Whether the topic has more messages than `number`; a broker that is just coming up has none."""
    try:
        return total(settings) > number
    except RecoverableError:
        return False


def messages(settings: Settings) -> list[Message]:
    """Return all messages of the topic."""
    servers, topic = settings.kafka_bootstrap_servers, settings.kafka_topic
    expected = total(settings)
    found: list[Message] = []
    with closing(Consumer({"bootstrap.servers": servers, "group.id": "test", "log_level": 0})) as consumer:
        consumer.assign([TopicPartition(topic, partition, 0) for partition in ends(servers, topic)])
        deadline = time.monotonic() + TIMEOUT
        while len(found) < expected and time.monotonic() < deadline:
            found += [message for message in consumer.consume(10_000, 0.2) if message.error() is None]
    assert len(found) == expected
    return found


def kind(trade: Trade) -> str | None:
    return None if trade.anomaly is None else read_label(trade.anomaly).kind


def trades(settings: Settings) -> list[Trade]:
    return [decode(message.value()) for message in messages(settings)]


def test_as_many_trades_as_asked_for_are_acknowledged(
    settings: Settings, environment: dict[str, str], tmp_path: Path
) -> None:
    lines = run(environment, tmp_path / "log", "--count", "5000", "--rate", "5000")
    assert counted(lines) == (5000, 5000, 0)
    found = messages(settings)
    decoded = [decode(message.value()) for message in found]
    assert len({trade.trade_id for trade in decoded}) == 5000
    assert [message.key() for message in found] == [trade.symbol.encode() for trade in decoded]
    assert {trade.symbol for trade in decoded} == {listing.symbol for listing in listed(10)}
    assert {trade.source for trade in decoded} == {"synthetic"}


def test_a_symbol_keeps_its_partition_and_its_times_rise(
    settings: Settings, environment: dict[str, str], tmp_path: Path
) -> None:
    run(environment, tmp_path / "log", "--count", "30000", "--rate", "max")
    last: dict[str, tuple[int | None, Trade]] = {}
    for message in messages(settings):
        trade = decode(message.value())
        partition, before = last.get(trade.symbol, (message.partition(), None))
        assert partition == message.partition()
        assert before is None or before.timestamp < trade.timestamp
        last[trade.symbol] = (partition, trade)


def test_the_same_seed_sends_the_same_trades_but_for_times_and_ids(
    settings: Settings, environment: dict[str, str], tmp_path: Path
) -> None:
    for _ in range(2):
        run(environment, tmp_path / "log", "--count", "500", "--rate", "5000", "--seed", "7")
    sent = sorted(trades(settings), key=lambda trade: trade.timestamp)
    told = [(trade.symbol, trade.price, trade.volume, trade.trade_type, kind(trade)) for trade in sent]
    assert told[:500] == told[500:]
    assert len({trade.trade_id for trade in sent}) == 1000


def test_symbols_and_anomalies_are_the_asked_ones(
    settings: Settings, environment: dict[str, str], tmp_path: Path
) -> None:
    asked = tmp_path / "symbols.txt"
    asked.write_text("BTC/USD, V  # a comment\nBRK.B\n")
    options = ["--symbols", str(asked), "--anomaly-rate", "0.2", "--seed", "3"]
    run(environment, tmp_path / "log", "--count", "3000", "--rate", "max", *options)
    sent = trades(settings)
    assert {trade.symbol for trade in sent} == {"BTC/USD", "V", "BRK.B"}
    assert 0.1 < sum(trade.anomaly is not None for trade in sent) / len(sent) < 0.3


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_when_all_it_has_sent_is_acknowledged(
    settings: Settings, environment: dict[str, str], tmp_path: Path, signum: signal.Signals
) -> None:
    log = tmp_path / "log"
    with producing(environment, log, "--rate", "20000") as process:
        until(lambda: reached(settings, 5_000), TIMEOUT)
        process.send_signal(signum)
        assert process.wait(TIMEOUT) == 0
    sent, acknowledged, failed = counted(log.read_text())
    assert sent == acknowledged == total(settings)
    assert failed == 0


def test_a_broker_that_is_away_at_the_start_gets_one_line_and_a_stop_ends_the_wait(
    environment: dict[str, str], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        nobody = f"127.0.0.1:{taken.getsockname()[1]}"
    with producing(environment | {"KAFKA_BOOTSTRAP_SERVERS": nobody}, log) as process:
        until(lambda: "cannot reach Kafka" in log.read_text(), TIMEOUT)
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT) == 0
    (line,) = log.read_text().splitlines()
    assert nobody in line
    assert "is it running? ./start.sh starts one" in line


def test_a_crash_of_the_broker_loses_and_doubles_nothing(own_servers: Scratch, tmp_path: Path) -> None:
    settings, log = own_servers.settings, tmp_path / "log"
    own_servers.kafka.kill()
    with producing(environment_of(settings), log, "--rate", "2000", "--count", "20000") as process:
        until(lambda: "cannot reach Kafka" in log.read_text(), TIMEOUT)
        own_servers.kafka.start()
        until(lambda: reached(settings, 2_000), TIMEOUT)
        own_servers.kafka.kill()
        until(lambda: log.read_text().count("cannot reach Kafka") == 2, TIMEOUT)
        own_servers.kafka.start()
        assert process.wait(TIMEOUT) == 0
    assert counted(log.read_text()) == (20_000, 20_000, 0)
    ids = [trade.trade_id for trade in trades(settings)]
    assert len(ids) == len(set(ids)) == 20_000


def test_a_stop_in_an_outage_tells_what_was_not_delivered_and_a_second_ctrl_c_ends_at_once(
    own_servers: Scratch, tmp_path: Path
) -> None:
    patient, hasty = tmp_path / "patient", tmp_path / "hasty"
    environment = environment_of(own_servers.settings)
    with (
        producing(environment, patient, "--rate", "100") as waits,
        producing(environment, hasty, "--rate", "100") as ends_at_once,
    ):
        until(lambda: "trades/s" in patient.read_text() and "trades/s" in hasty.read_text(), TIMEOUT)
        until(lambda: reached(own_servers.settings, 100), TIMEOUT)
        own_servers.kafka.kill()
        until(lambda: "trades wait" in patient.read_text() and "trades wait" in hasty.read_text(), TIMEOUT)
        waits.send_signal(signal.SIGTERM)
        ends_at_once.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            ends_at_once.wait(1.0)
        ends_at_once.send_signal(signal.SIGINT)
        assert ends_at_once.wait(3.0) == 130
        assert waits.wait(TIMEOUT) == 1
    sent, acknowledged, failed = counted(patient.read_text())
    assert f"{sent - acknowledged + failed:,} trades were not delivered" in patient.read_text()
    assert sent > acknowledged
    assert "Traceback" not in patient.read_text() + hasty.read_text()


def test_trades_that_the_broker_will_not_have_are_counted_and_end_in_exit_code_1(
    settings: Settings, tmp_path: Path
) -> None:
    narrow = settings.model_copy(update={"kafka_topic": f"{settings.kafka_topic}-narrow"})
    topic = NewTopic(narrow.kafka_topic, 4, 1, config={"max.message.bytes": "150"})
    admin = AdminClient({"bootstrap.servers": settings.kafka_bootstrap_servers})
    admin.create_topics([topic])[narrow.kafka_topic].result(TIMEOUT)
    log = tmp_path / "log"
    with producing(environment_of(narrow), log, "--rate", "1000", "--count", "50") as process:
        assert process.wait(TIMEOUT) == 1
    said = log.read_text()
    assert counted(said) == (50, total(narrow), 50 - total(narrow))
    assert total(narrow) < 50
    assert f"{50 - total(narrow)} trades were not delivered (Broker: Message size too large)" in said
    assert "Traceback" not in said


def test_a_full_queue_waits_and_drops_nothing() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        nobody = f"127.0.0.1:{taken.getsockname()[1]}"
    sink, stop = KafkaSink(nobody, "t"), Event()
    ready = Messages([b"k"] * SLICE, [b"v"] * SLICE)
    while sink.accepted < QUEUE:
        assert sink.send(ready, stop) == SLICE
    threading.Timer(0.3, stop.set).start()
    began = time.monotonic()
    assert sink.send(ready, stop) == 0
    assert time.monotonic() - began > 0.2
    assert (sink.accepted, sink.acknowledged, sink.failed, sink.unsettled) == (QUEUE, 0, 0, QUEUE)


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        (["--rate", "-1"], "above 0"),
        (["--rate", "abc"], "above 0"),
        (["--rate", "nan"], "above 0"),
        (["--count", "0"], "1 or more"),
        (["--seed", "-3"], "0 or more"),
        (["--symbols", ""], "A-Z 0-9"),
        (["--symbols", "aapl!"], "A-Z 0-9"),
        (["--symbols", "/nowhere/symbols.txt"], "existing file"),
        (["--symbols", "0"], "1 to 10,000"),
        (["--anomaly-rate", "2"], "0 to 1"),
    ],
)
def test_wrong_usage_gets_one_line_that_tells_what_is_allowed(
    tmp_path: Path, arguments: list[str], allowed: str
) -> None:
    log = tmp_path / "log"
    with producing({}, log, *arguments) as process:
        assert process.wait(TIMEOUT) == 2
    (line,) = log.read_text().splitlines()
    assert line.startswith(f"producer: {arguments[0]} ")
    assert allowed in line

"""All golden tapes through one real Flink: half of each, kill -9, and the rest."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec
import psutil
from confluent_kafka import Producer

from stockstream.connectors.engine_lock import EngineLock
from stockstream.connectors.flink_rest import Flink
from stockstream.connectors.postgres import Connection, address_of, connect
from stockstream.errors import EngineRunsError, FlinkError
from stockstream.jobs.flink_script import JOB_NAME
from stockstream.market.trade import encode
from stockstream.settings import PROJECT, Settings
from tests.golden.cases import CASES, OPENING, PARTITIONS, Arrival, trade
from tests.golden.expected import Row, expected, found
from tests.scripts import ran
from tests.waiting import until

# Seconds between two looks: a look costs the machine that Flink runs on.
PAUSE = 0.5
# After those of the golden tapes: one partition for what no golden tape has.
OWN = PARTITIONS * len(CASES)
# Later than all of the golden tapes, whose watermark would otherwise make the patterns' trades late.
LATER = OPENING + timedelta(days=2)
# Less work for the compiler: Flink is mostly started here.
JAVA = {"JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}
BAD = (
    b"no JSON",
    b"[1, 2]",
    b'"text"',
    b"{}",
    b"",
    *(
        b'{"trade_id":"%s","timestamp":"%s","symbol":"BAD","price":%s,"volume":%s,"trade_type":"%s"}' % each
        for each in (
            (b"", b"2025-11-20T10:00:00Z", b"1", b"1", b"BUY"),
            (b"1", b"2025-11-20T10:00:00", b"1", b"1", b"BUY"),
            (b"2", b"2025-02-30T10:00:00Z", b"1", b"1", b"BUY"),
            (b"3", b"2205-11-20T10:00:00Z", b"1", b"1", b"BUY"),
            (b"4", b"2025-11-20T10:00:00Z", b"0", b"1", b"BUY"),
            (b"5", b"2025-11-20T10:00:00Z", b"-1", b"1", b"BUY"),
            (b"6", b"2025-11-20T10:00:00Z", b"1.123456789", b"1", b"BUY"),
            (b"7", b"2025-11-20T10:00:00Z", b"1", b"12345678901.12345678", b"BUY"),
            (b"8", b"2025-11-20T10:00:00Z", b"1e18", b"1", b"BUY"),
            (b"9", b"2025-11-20T10:00:00Z", b"1", b"null", b"BUY"),
            (b"10", b"2025-11-20T10:00:00Z", b"1", b"1", b"HOLD"),
        )
    ),
)
# The same moment and the same amounts, written otherwise than our own producer does.
ODD = [
    b'{"price":1.5e1,"volume":20E-1,"x":{"price":7},"trade_id":"o%d","timestamp":"%s","symbol":"ODD","trade_type":"SELL"}'
    % (number, moment)
    for number, moment in enumerate([b"2025-11-20T11:30:07.5+01:30", b"2025-11-20 10:00:07.500000z"])
]


@dataclass
class Scene:
    """What was seen of the story, for the tests to judge."""

    settings: Settings
    environment: Mapping[str, str]
    connection: Connection
    expected: dict[Any, Row] = field(default_factory=dict)
    found: dict[Any, Row] = field(default_factory=dict)
    refusal: str = ""
    checkpoints: int = 0
    killed: tuple[int, str] = (0, "")
    status: dict[str, Any] = field(default_factory=dict)
    spoken: str = ""
    cancelled: subprocess.CompletedProcess[str] | None = None
    ended: int | None = None
    after: subprocess.CompletedProcess[str] | None = None
    findings: list[tuple[Any, ...]] = field(default_factory=list)


def play(settings: Settings, environment: Mapping[str, str], connection: Connection) -> Scene:
    """Play it through."""
    scene = Scene(settings, environment, connection)
    halves = _tapes(scene)
    _produce(settings, halves[0])
    with flink(environment) as process:
        until(lambda: _has_stored_state(scene, len(halves[0])), patience=150)
        scene.refusal = _refusal(settings)
        _java(process).kill()
        _, said = process.communicate(timeout=30)
        scene.killed = (process.returncode, said.splitlines()[-1])
    _produce(settings, halves[1])
    with flink(environment) as process:
        # What is not as it must be after that is for the tests to say.
        with suppress(AssertionError):
            until(lambda: _is_through(scene), patience=150)
        _end(scene, process)
    return scene


@contextmanager
def flink(environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Run a local Flink; it is ended as by its operator, and Java ends with it."""
    command = [sys.executable, "flink_processor.py", "run", "--checkpoint-interval", "0.5"]
    with subprocess.Popen(
        command, cwd=PROJECT, env={**environment, **JAVA}, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.communicate(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()


def told(environment: Mapping[str, str]) -> dict[str, Any]:
    """What `status --json` says; nothing where no job runs."""
    done = ran(environment, "flink_processor.py", "status", "--json")
    return dict(json.loads(done.stdout)) if done.stdout else {}


def _tapes(scene: Scene) -> tuple[list[tuple[int, str, bytes]], list[tuple[int, str, bytes]]]:
    """Return the first and the second half of all that is sent, each tape in partitions of its own."""
    halves: tuple[list[tuple[int, str, bytes]], list[tuple[int, str, bytes]]] = ([], [])
    for number, case in enumerate(CASES.values()):
        tape = [
            (partition + PARTITIONS * number, msgspec.structs.replace(each, symbol=f"{each.symbol}/{number}"))
            for partition, each in case.trades
        ]
        scene.expected |= expected(scene.connection, tape)
        half = len(tape) // 2
        for sent, part in zip(halves, (tape[:half], tape[half:]), strict=True):
            sent.extend((partition, each.symbol, encode(each)) for partition, each in part)
    halves[0].extend((OWN, "BAD", message) for message in BAD)
    halves[0].extend((OWN, "ODD", message) for message in ODD)
    ramp, reversal = _ramp(), _reversal()
    halves[0].extend((OWN, each.symbol, encode(each)) for _, each in (*ramp[:4], *reversal[:5]))
    halves[1].extend((OWN, each.symbol, encode(each)) for _, each in (*ramp[4:], *reversal[5:]))
    return halves


def _ramp() -> Sequence[Arrival]:
    prices = ["100", "100", "100.4", "100.9", "101.3", "101.8", "102.5", "103", "102.9"]
    return [
        (OWN, trade(LATER + timedelta(seconds=number), "RAMP", price)) for number, price in enumerate(prices)
    ]


def _reversal() -> Sequence[Arrival]:
    prices = ["50", "49.9", "49.6", "49.2", "48.8", "49.1", "49.5", "49.8", "50.1", "50"]
    return [
        (OWN, trade(LATER + timedelta(seconds=number), "TURN", price)) for number, price in enumerate(prices)
    ]


def _produce(settings: Settings, messages: Sequence[tuple[int, str, bytes]]) -> None:
    producer = Producer({"bootstrap.servers": settings.kafka_bootstrap_servers, "enable.idempotence": True})
    for partition, key, message in messages:
        producer.produce(settings.kafka_topic, message, key, partition=partition)
    assert producer.flush(30) == 0


def _has_stored_state(scene: Scene, messages: int) -> bool:
    """Whether all messages are read, and a checkpoint was made since."""
    time.sleep(PAUSE)
    cluster = Flink(f"http://127.0.0.1:{scene.settings.flink_port}")
    try:
        seen = cluster.status(cluster.running(JOB_NAME))
    except FlinkError:
        return False
    if seen.records < messages - len(BAD) or seen.lag:
        return False
    scene.checkpoints = scene.checkpoints or seen.checkpoints
    return seen.checkpoints > scene.checkpoints + 1


def _is_through(scene: Scene) -> bool:
    """Whether candles and findings are as they must be; the clock's trades move the watermark on."""
    time.sleep(PAUSE)
    _produce(scene.settings, [(OWN, "CLOCK", encode(trade(LATER + timedelta(hours=1), "CLOCK")))])
    rows = found(scene.connection)
    scene.found = {key: row for key, row in rows.items() if "/" in key[0]}
    with scene.connection, scene.connection.cursor() as cursor:
        cursor.execute(
            "SELECT symbol, kind, trade_id, methods, explanation FROM anomalies "
            "WHERE symbol IN ('RAMP', 'TURN') ORDER BY symbol, kind"
        )
        scene.findings = cursor.fetchall()
    return scene.found == scene.expected and len(scene.findings) >= 2


def _refusal(settings: Settings) -> str:
    with closing(EngineLock(address_of(settings), "aggregator")) as lock:
        try:
            lock.claim()
        except EngineRunsError as exc:
            return str(exc)
    return ""


def _java(process: subprocess.Popen[str]) -> psutil.Process:
    children = psutil.Process(process.pid).children(recursive=True)
    return next(child for child in children if "java" in child.name())


def _end(scene: Scene, process: subprocess.Popen[str]) -> None:
    scene.status = told(scene.environment)
    scene.spoken = ran(scene.environment, "flink_processor.py", "status").stdout
    scene.cancelled = ran(scene.environment, "flink_processor.py", "cancel")
    process.communicate(timeout=60)
    scene.ended = process.returncode
    scene.after = ran(scene.environment, "flink_processor.py", "status")


@contextmanager
def opened(settings: Settings) -> Iterator[Connection]:
    """An open connection to the scene's database."""
    with closing(connect(address_of(settings), "test")) as connection:
        yield connection

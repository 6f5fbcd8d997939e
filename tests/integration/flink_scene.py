"""All golden tapes through a real Flink, a third of each at a time, so that it goes on from state twice.

First until kill -9, then from the checkpoint until `cancel` makes a savepoint, then from that. Then the
patterns' job, beside an aggregator that holds the candles; and at last the tape, to which all is held.
"""

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

import psutil
from confluent_kafka import Producer

from stockstream.connectors.flink.rest import Flink
from stockstream.connectors.postgres.connection import Connection, address_of, connect
from stockstream.connectors.postgres.engine_lock import EngineLock
from stockstream.errors import EngineRunsError, FlinkError
from stockstream.jobs.flink.script import CANDLES
from stockstream.market.trade.codec import encode
from stockstream.settings import PROJECT, Settings
from tests.golden.cases import CASES, OPENING, Arrival, trade
from tests.golden.expected import Row, expected, found
from tests.integration.candles import consume, reconcile
from tests.integration.flink_tapes import (
    AMOUNTS,
    BAD,
    LATER,
    OWN,
    Key,
    Sent,
    Shown,
    are_alike,
    shown,
    tapes,
    thirds,
)
from tests.scripts import ran, running
from tests.waiting import until

# Seconds between two looks: a look costs the machine that Flink runs on.
PAUSE = 0.5
# Less work for the compiler: Flink is mostly started here.
JAVA = {"JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}


@dataclass
class Scene:
    """What was seen of the story, for the tests to judge.

    `golden` are the tapes as they were sent: once they are reconciled, candles can be held to SQL over them.
    """

    settings: Settings
    environment: Mapping[str, str]
    connection: Connection
    golden: Mapping[str, Sequence[Arrival]] = field(default_factory=tapes)
    found: dict[Key, Shown] = field(default_factory=dict)
    refusal: str = ""
    checkpoints: int = 0
    sent: list[int] = field(default_factory=list)
    killed: tuple[int, str] = (0, "")
    status: dict[str, Any] = field(default_factory=dict)
    spoken: str = ""
    health: list[dict[str, str]] = field(default_factory=list)
    left: tuple[int, str] = (1, "")
    ended_by_itself: int | None = None
    cancelled: subprocess.CompletedProcess[str] | None = None
    reconciled: tuple[Any, ...] | None = None
    ended: int | None = None
    after: subprocess.CompletedProcess[str] | None = None
    odd: list[tuple[Any, ...]] = field(default_factory=list)
    findings: list[tuple[Any, ...]] = field(default_factory=list)
    proven: dict[Key, Row] = field(default_factory=dict)
    patterns: dict[str, Any] = field(default_factory=dict)

    def proven_of(self, name: str) -> tuple[dict[Key, Row], dict[Key, Row]]:
        """Return the candles of a golden case: as plain SQL makes them, and as they are once reconciled."""
        end = f"/{list(CASES).index(name)}"
        wanted = expected(self.connection, self.golden[name])
        got = {key: row for key, row in self.proven.items() if key[0].endswith(end)}
        return wanted, got

    def of_case(self, name: str) -> tuple[dict[Key, Shown], dict[Key, Shown]]:
        """Return the candles of a golden case: as Flink should show them, and as it did."""
        end = f"/{list(CASES).index(name)}"
        return shown(self.golden[name]), {key: row for key, row in self.found.items() if key[0].endswith(end)}


def play(settings: Settings, environment: Mapping[str, str], connection: Connection) -> Scene:
    """Play it through."""
    scene = Scene(settings, environment, connection)
    first, second, third = thirds(scene.golden)
    scene.sent = [len(first), len(second), len(third)]
    produce(settings, first)
    with flink(environment) as process:
        until(lambda: has_stored_state(scene, len(first) - len(BAD)), timeout=150)
        scene.refusal = _refusal(settings)
        _java(process).kill()
        _, said = process.communicate(timeout=60)
        scene.killed = (process.returncode, said.splitlines()[-1])
    produce(settings, second)
    with flink(environment) as process:
        until(lambda: has_stored_state(scene, len(second)), timeout=150)
        scene.cancelled = ran(environment, "flink_processor.py", "cancel")
        process.communicate(timeout=60)
        scene.ended = process.returncode
    _reconcile(scene)
    produce(settings, third)
    with flink(environment) as process:
        # What is not as it must be after that is for the tests to say.
        with suppress(AssertionError):
            until(lambda: is_through(scene), timeout=150)
        scene.status = told_records(environment)
        scene.spoken = ran(environment, "flink_processor.py", "status").stdout
        scene.health = json.loads(ran(environment, "test_system.py", "--json").stdout)["checks"]
        _cancel_and_leave(scene, process)
    scene.after = ran(environment, "flink_processor.py", "status")
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT trade_count, is_final FROM stock_metrics WHERE symbol = 'KNOWN'")
        scene.reconciled = cursor.fetchone()
        cursor.execute(
            "SELECT window_start, window_end, trade_count, avg_price, total_volume, buy_volume, sell_volume,"
            " is_final FROM stock_metrics WHERE symbol = 'ODD'"
        )
        scene.odd = cursor.fetchall()
    _find_patterns(scene)
    consume(environment)
    reconcile(environment)
    scene.proven = found(connection)
    return scene


def _reconcile(scene: Scene) -> None:
    """Say that a candle is reconciled; a trade of its minute comes after that."""
    with scene.connection, scene.connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO stock_metrics (symbol, window_start, window_end, trade_count, total_volume,"
            " total_value, buy_volume, sell_volume, is_final, reconciled_at)"
            " VALUES ('KNOWN', %s, %s, 7, 1, 1, 1, 0, true, now())",
            (OPENING, OPENING + timedelta(minutes=1)),
        )
    produce(scene.settings, [(OWN, "KNOWN", encode(trade(1, "KNOWN")))])


def _cancel_and_leave(scene: Scene, run: subprocess.Popen[str]) -> None:
    """Cancel while the job cannot write, so that its savepoint waits; Ctrl-C; then let it write."""
    with closing(connect(address_of(scene.settings), "test")) as blocking, blocking.cursor() as cursor:
        cursor.execute("LOCK TABLE stock_metrics IN ACCESS EXCLUSIVE MODE")
        _tick(scene)
        with running(scene.environment, "flink_processor.py", "cancel") as cancel:
            assert cancel.stderr
            first = cancel.stderr.readline()
            cancel.send_signal(signal.SIGINT)
            _, rest = cancel.communicate(timeout=60)
            scene.left = (cancel.returncode, first + rest)
        assert run.poll() is None
        blocking.rollback()
    run.communicate(timeout=120)
    scene.ended_by_itself = run.returncode


def _find_patterns(scene: Scene) -> None:
    """Run the patterns' job while an aggregator makes the candles."""
    with closing(EngineLock(address_of(scene.settings), "aggregator")) as lock:
        lock.acquire()
        with flink(scene.environment, "--patterns"), suppress(AssertionError):
            until(lambda: has_found(scene), timeout=150)
            scene.patterns = told_records(scene.environment, "--patterns")


@contextmanager
def flink(environment: Mapping[str, str], *options: str) -> Iterator[subprocess.Popen[str]]:
    """Run a local Flink; it is ended as by its operator, and Java ends with it."""
    command = [sys.executable, "flink_processor.py", "run", "--checkpoint-interval", "0.5", *options]
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


def told(environment: Mapping[str, str], *options: str) -> dict[str, Any]:
    """What `status --json` says; nothing where no job runs."""
    done = ran(environment, "flink_processor.py", "status", "--json", *options)
    return dict(json.loads(done.stdout)) if done.stdout else {}


def produce(settings: Settings, messages: Sequence[Sent]) -> None:
    producer = Producer({"bootstrap.servers": settings.kafka_bootstrap_servers, "enable.idempotence": True})
    for partition, key, message in messages:
        producer.produce(settings.kafka_topic, message, key, partition=partition)
    assert producer.flush(30) == 0


def told_records(environment: Mapping[str, str], *options: str) -> dict[str, Any]:
    """What `status --json` says once Flink tells how much was read: on a busy machine that takes a while."""
    said: dict[str, Any] = {}

    def tells() -> bool:
        said.update(told(environment, *options))
        return bool(said.get("records"))

    until(tells, timeout=60)
    return said


def _has_read(scene: Scene, messages: int) -> bool:
    """Whether so many messages are read since the start, and none is left."""
    time.sleep(PAUSE)
    page = Flink(f"http://127.0.0.1:{scene.settings.flink_port}")
    try:
        seen = page.status(page.running(CANDLES.name))
    except FlinkError:
        return False
    scene.checkpoints = seen.checkpoints
    return (seen.records or 0) >= messages and not seen.lag


def has_stored_state(scene: Scene, messages: int) -> bool:
    """Whether all messages are read, and two checkpoints were made since: the second began after that."""
    if not _has_read(scene, messages):
        return False
    before = scene.checkpoints
    until(lambda: _has_read(scene, messages) and scene.checkpoints > before + 1, timeout=90)
    return True


def is_through(scene: Scene) -> bool:
    """Whether the candles of all golden tapes are shown."""
    time.sleep(PAUSE)
    with scene.connection, scene.connection.cursor() as cursor:
        cursor.execute(
            f"SELECT symbol, window_start, {', '.join(AMOUNTS)} FROM stock_metrics WHERE symbol LIKE '%/%'"  # noqa: S608 - names from there
        )
        scene.found = {
            row[:2]: dict(
                zip(AMOUNTS, (float("nan") if each is None else float(each) for each in row[2:]), strict=True)
            )
            for row in cursor
        }
    return all(are_alike(*scene.of_case(name)) for name in CASES)


def has_found(scene: Scene) -> bool:
    """Whether there are findings; the clock's trades move the watermark on."""
    time.sleep(PAUSE)
    _tick(scene)
    with scene.connection, scene.connection.cursor() as cursor:
        cursor.execute(
            "SELECT symbol, kind, trade_id, methods, explanation FROM anomalies "
            "WHERE symbol IN ('RAMP', 'TURN') ORDER BY symbol, kind"
        )
        scene.findings = cursor.fetchall()
    return len(scene.findings) >= 2


def _tick(scene: Scene) -> None:
    produce(scene.settings, [(OWN, "CLOCK", encode(trade(LATER + timedelta(hours=1), "CLOCK")))])


def _refusal(settings: Settings) -> str:
    with closing(EngineLock(address_of(settings), "aggregator")) as lock:
        try:
            lock.acquire()
        except EngineRunsError as exc:
            return str(exc)
    return ""


def _java(process: subprocess.Popen[str]) -> psutil.Process:
    children = psutil.Process(process.pid).children(recursive=True)
    return next(child for child in children if "java" in child.name())


@contextmanager
def opened(settings: Settings) -> Iterator[Connection]:
    """An open connection to the scene's database."""
    with closing(connect(address_of(settings), "test")) as connection:
        yield connection

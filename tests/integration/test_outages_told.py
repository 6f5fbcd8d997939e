"""Who waits for a broker is told so once, and once that it is over; and may stop waiting at any time."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from stockstream.connectors.postgres.connection import address_of, connect
from stockstream.jobs.retry import SPEAK_EVERY
from stockstream.services.servers.scratch import Scratch
from stockstream.settings import Settings
from tests.detections import examined, produce
from tests.fresh import environment_of, fresh
from tests.scripts import running
from tests.waiting import until

READERS = [("consumer.py",), ("aggregator.py",), ("anomaly_detector.py", "watch")]
BATCH = 1_000
# Seconds: longer than the longest pause between two tries.
AWAY = 10


@pytest.fixture
def settings(own_servers: Scratch, tmp_path: Path) -> Iterator[Settings]:
    """Return the settings of an own topic and an own database on servers that may be killed."""
    with fresh(own_servers.settings, tmp_path) as own:
        yield own


def test_an_outage_of_the_broker_has_one_beginning_and_one_end(
    own_servers: Scratch, settings: Settings
) -> None:
    produce(environment_of(settings), BATCH, seed=1)
    with reading(settings) as readers:
        until(lambda: has_read(settings, BATCH), timeout=60)
        killed = time.monotonic()
        own_servers.kafka.kill()
        time.sleep(AWAY)
        own_servers.kafka.start()
        produce(environment_of(settings), BATCH, seed=2)
        until(lambda: has_read(settings, 2 * BATCH), timeout=150)
        # A reason is repeated while it lasts; a broker is away for two, unreachable and not ready.
        most = 2 * (1 + int((time.monotonic() - killed) / SPEAK_EVERY))
        for reader in readers:
            said = last_words(reader)
            assert 1 <= said.count("cannot reach Kafka at") <= most, said
            assert said.count("it works again") == 1, said
            assert said.rindex("cannot reach Kafka") < said.rindex("it works again"), said
            assert "FAIL" not in said, said


def test_readers_end_when_asked_though_the_broker_is_away(own_servers: Scratch, settings: Settings) -> None:
    produce(environment_of(settings), BATCH, seed=1)
    with reading(settings) as readers:
        until(lambda: has_read(settings, BATCH), timeout=60)
        own_servers.kafka.kill()
        try:
            time.sleep(AWAY)
            for reader in readers:
                assert "Traceback" not in last_words(reader)
        finally:
            own_servers.kafka.start()


@contextmanager
def reading(settings: Settings) -> Iterator[list[subprocess.Popen[str]]]:
    """Run all that read the topic."""
    with ExitStack() as processes:
        environment = environment_of(settings)
        yield [processes.enter_context(running(environment, *reader)) for reader in READERS]


def last_words(process: subprocess.Popen[str]) -> str:
    """Stop a process as Ctrl-C does, and return what it has said; it must end soon, and well."""
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 0
    return process.stderr.read() if process.stderr else ""


def has_read(settings: Settings, messages: int) -> bool:
    """Return whether so many trades are stored, in candles and examined."""
    with closing(connect(address_of(settings), "test")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT (SELECT count(*) FROM trades), (SELECT sum(trade_count) FROM stock_metrics)")
        return cursor.fetchone() == (messages, messages) and examined(connection) == messages

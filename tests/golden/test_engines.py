"""The golden tapes on real servers, each in partitions of its own: with aggregator.py, and without engine.

The aggregator is killed, and started again, where any of the tapes says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import pytest
from confluent_kafka import Producer
from msgspec.structs import replace

from stockstream.connectors.kafka.topic import ensure_topic
from stockstream.connectors.postgres.connection import Connection
from stockstream.market.trade.codec import encode
from stockstream.settings import Settings
from tests.golden.cases import CASES, PARTITIONS, Arrival, Case
from tests.golden.expected import expected, found
from tests.scripts import ran, running
from tests.waiting import until


@pytest.fixture
def tapes() -> dict[str, "_Tape"]:
    return {name: _placed(number, case) for number, (name, case) in enumerate(CASES.items())}


@pytest.fixture
def own(settings: Settings, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment with a topic that has partitions for all tapes."""
    topic = f"{settings.kafka_topic}-golden"
    ensure_topic(settings.kafka_bootstrap_servers, topic, PARTITIONS * len(CASES))
    return dict(environment) | {"KAFKA_TOPIC": topic}


def test_the_aggregator_gives_the_candles_of_plain_sql(
    tapes: dict[str, "_Tape"], own: dict[str, str], connection: Connection
) -> None:
    rounds = max(len(tape.pieces) for tape in tapes.values())
    count = 0
    with running(own, "consumer.py"):
        for step in range(rounds):
            piece = [each for tape in tapes.values() for each in tape.piece(step)]
            count += len(piece)
            _produce(own, piece)
            if step < rounds - 1:
                _read_and_be_killed(own, connection, count)
    _finish(own, "consumer.py")
    _finish(own, "aggregator.py")
    _assert_plain_sql(connection, tapes)


def test_without_any_engine_the_candles_are_those_of_plain_sql(
    tapes: dict[str, "_Tape"], own: dict[str, str], connection: Connection
) -> None:
    _produce(own, [each for tape in tapes.values() for piece in tape.pieces for each in piece])
    _finish(own, "consumer.py")
    _finish(own, "aggregator.py", "--reconcile-only")
    _assert_plain_sql(connection, tapes, with_open=False)


def _finish(environment: Mapping[str, str], script: str, *options: str) -> None:
    done = ran(environment, script, *options, "--exit-when-idle", "1")
    assert done.returncode == 0, done.stderr


def _assert_plain_sql(
    connection: Connection, tapes: Mapping[str, "_Tape"], *, with_open: bool = True
) -> None:
    """Hold the candles to SQL; those of minutes that are still to come only an engine makes."""
    candles = found(connection)
    for name, tape in tapes.items():
        trades = [each for piece in tape.pieces for each in piece]
        wanted = {key: row for key, row in expected(connection, trades).items() if with_open or row[-1]}
        assert {key: row for key, row in candles.items() if key[0].endswith(tape.mark)} == wanted, name


@dataclass(frozen=True)
class _Tape:
    """A golden tape whose symbols end with its mark, cut where it wants a restart."""

    mark: str
    pieces: Sequence[Sequence[Arrival]]

    def piece(self, step: int) -> Sequence[Arrival]:
        """Return what comes between two restarts; nothing after the last."""
        return self.pieces[step] if step < len(self.pieces) else []


def _placed(number: int, case: Case) -> _Tape:
    mark = f".{number}"
    pieces: list[list[Arrival]] = []
    for is_restarted, trades in case.steps:
        if is_restarted or not pieces:
            pieces.append([])
        pieces[-1] += [
            (number * PARTITIONS + partition, replace(each, symbol=each.symbol + mark))
            for partition, each in trades
        ]
    return _Tape(mark, pieces)


def _produce(environment: Mapping[str, str], trades: Sequence[Arrival]) -> None:
    servers, topic = environment["KAFKA_BOOTSTRAP_SERVERS"], environment["KAFKA_TOPIC"]
    producer = Producer({"bootstrap.servers": servers, "enable.idempotence": True})
    for partition, each in trades:
        producer.produce(topic, encode(each), each.symbol, partition=partition)
    assert producer.flush(30) == 0


def _read_and_be_killed(environment: Mapping[str, str], connection: Connection, count: int) -> None:
    with running(environment, "aggregator.py") as aggregator:
        try:
            until(partial(_has_read, connection, count), timeout=90)
        except AssertionError as exc:
            aggregator.kill()
            raise AssertionError(aggregator.communicate()[1]) from exc


def _has_read(connection: Connection, count: int) -> bool:
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(next_offset), 0) FROM ingest_offsets WHERE job = 'aggregator'")
        (total,) = cursor.fetchone() or (0,)
        return int(total) >= count

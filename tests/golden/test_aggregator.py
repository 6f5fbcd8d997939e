"""The golden tapes through aggregator.py on real servers: all at once, each in partitions of its own.

It is killed, and started again, where any of the tapes says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from confluent_kafka import Producer
from msgspec.structs import replace

from stockstream.connectors.kafka_topic import ensure_topic
from stockstream.connectors.postgres import Connection
from stockstream.market.trade import encode
from stockstream.settings import Settings
from tests.golden.cases import CASES, PARTITIONS, Arrival, Case
from tests.golden.expected import Row, expected, found, store_at
from tests.scripts import ran, running
from tests.waiting import until


def test_the_aggregator_gives_the_candles_of_plain_sql(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    tapes = {name: _placed(number, case) for number, (name, case) in enumerate(CASES.items())}
    made = settings.model_copy(update={"kafka_topic": f"{settings.kafka_topic}-golden"})
    ensure_topic(made.kafka_bootstrap_servers, made.kafka_topic, PARTITIONS * len(CASES))
    own = dict(environment) | {"KAFKA_TOPIC": made.kafka_topic}
    rounds = max(len(tape.pieces) for tape in tapes.values())
    everything: list[Arrival] = []
    for step in range(rounds):
        piece = [each for tape in tapes.values() for each in tape.piece(step)]
        everything += piece
        _produce(made, piece)
        if step < rounds - 1:
            _read_and_be_killed(own, connection, len(everything))
    with connection, connection.cursor() as cursor:
        store_at(cursor, "trades", everything)
    done = ran(own, "aggregator.py", "--exit-when-idle", "1")
    assert done.returncode == 0, done.stderr
    candles = found(connection)
    for name, tape in tapes.items():
        assert {key: row for key, row in candles.items() if key[0].endswith(tape.mark)} == _wanted(
            connection, tape
        ), name


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


def _wanted(connection: Connection, tape: _Tape) -> Mapping[tuple[str, datetime], Row]:
    return expected(connection, [each for piece in tape.pieces for each in piece])


def _produce(settings: Settings, trades: Sequence[Arrival]) -> None:
    producer = Producer({"bootstrap.servers": settings.kafka_bootstrap_servers, "enable.idempotence": True})
    for partition, each in trades:
        producer.produce(settings.kafka_topic, encode(each), each.symbol, partition=partition)
    assert producer.flush(30) == 0


def _read_and_be_killed(environment: Mapping[str, str], connection: Connection, count: int) -> None:
    with running(environment, "aggregator.py") as aggregator:
        try:
            until(partial(_has_read, connection, count), patience=90)
        except AssertionError as exc:
            aggregator.kill()
            raise AssertionError(aggregator.communicate()[1]) from exc


def _has_read(connection: Connection, count: int) -> bool:
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(next_offset), 0) FROM ingest_offsets WHERE job = 'aggregator'")
        (total,) = cursor.fetchone() or (0,)
        return int(total) >= count

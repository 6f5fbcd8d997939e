"""The golden tapes through aggregator.py on real servers, killed and started again where a tape says so."""

from collections.abc import Mapping, Sequence
from functools import partial

import pytest
from confluent_kafka import Producer

from stockstream.connectors.postgres import Connection
from stockstream.market.trade import encode
from stockstream.settings import Settings
from tests.golden.cases import CASES, Arrival, Case
from tests.golden.expected import expected, found, store_at
from tests.scripts import ran, running
from tests.waiting import until


@pytest.mark.parametrize("name", CASES)
def test_the_aggregator_gives_the_candles_of_plain_sql(
    name: str, settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    case = CASES[name]
    with connection, connection.cursor() as cursor:
        store_at(cursor, "trades", case.trades)
    for piece in _between_restarts(case):
        _produce(settings, piece)
        if case.restarts:
            _read_and_be_killed(environment, connection, len(piece))
    done = ran(environment, "aggregator.py", "--exit-when-idle", "1")
    assert done.returncode == 0, done.stderr
    assert found(connection) == expected(connection, case.trades)


def _between_restarts(case: Case) -> list[Sequence[Arrival]]:
    pieces: list[list[Arrival]] = []
    for is_restarted, trades in case.steps:
        if is_restarted or not pieces:
            pieces.append([])
        pieces[-1] += trades
    return list(pieces)


def _produce(settings: Settings, trades: Sequence[Arrival]) -> None:
    producer = Producer({"bootstrap.servers": settings.kafka_bootstrap_servers, "enable.idempotence": True})
    for partition, each in trades:
        producer.produce(settings.kafka_topic, encode(each), each.symbol, partition=partition)
    assert producer.flush(30) == 0


def _read_and_be_killed(environment: Mapping[str, str], connection: Connection, count: int) -> None:
    read = _read(connection)
    with running(environment, "aggregator.py"):
        until(partial(_has_read, connection, read + count), patience=30)


def _has_read(connection: Connection, count: int) -> bool:
    return _read(connection) >= count


def _read(connection: Connection) -> int:
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(next_offset), 0) FROM ingest_offsets WHERE job = 'aggregator'")
        (found_sum,) = cursor.fetchone() or (0,)
        return int(found_sum)

"""One engine at a time writes the candles."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2
import pytest

from stockstream.connectors.postgres.connection import Address, Connection
from stockstream.connectors.postgres.engine_lock import Engine, EngineLock
from stockstream.errors import EngineRunsError


@contextmanager
def held(address: Address, engine: Engine, *, alone: bool = False) -> Iterator[EngineLock]:
    with closing(EngineLock(address, engine)) as lock:
        lock.acquire(alone=alone)
        yield lock


def test_the_second_engine_is_refused(address: Address) -> None:
    with (
        held(address, "aggregator"),
        pytest.raises(EngineRunsError, match="aggregator"),
        held(address, "flink"),
    ):
        pass
    with held(address, "flink"), pytest.raises(EngineRunsError, match="flink"), held(address, "aggregator"):
        pass


def test_several_aggregators_share_the_candles(address: Address) -> None:
    with held(address, "aggregator"), held(address, "aggregator") as second:
        second.acquire()
        second.acquire()


def test_a_flink_job_may_ask_to_be_alone(address: Address) -> None:
    with held(address, "flink"), pytest.raises(EngineRunsError), held(address, "flink", alone=True):
        pass


def test_the_candles_are_free_when_the_holder_ends(address: Address) -> None:
    with held(address, "aggregator") as lock:
        lock.acquire()
        lock.close()
        with held(address, "flink", alone=True):
            pass


CANDLE = (
    "INSERT INTO stock_metrics (symbol, window_start, window_end, trade_count, total_volume, total_value,"
    " buy_volume, sell_volume) VALUES ('A', now(), now(), 1, 1, 1, 1, 0)"
)


def written_by_flink(connection: Connection, zone: str = "UTC") -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute("SET application_name = 'stockstream flink'")
        cursor.execute("SELECT set_config('TimeZone', %s, false)", (zone,))
        cursor.execute(CANDLE)


def test_a_session_of_flink_claims_the_candles_that_it_writes(
    address: Address, connection: Connection
) -> None:
    written_by_flink(connection)
    with pytest.raises(EngineRunsError, match="flink"), held(address, "aggregator"):
        pass


def test_a_session_of_flink_is_refused_beside_an_aggregator(address: Address, connection: Connection) -> None:
    with held(address, "aggregator"), pytest.raises(psycopg2.Error, match="written by aggregator already"):
        written_by_flink(connection)


def test_a_flink_whose_clock_is_not_in_utc_is_refused(connection: Connection) -> None:
    with pytest.raises(psycopg2.Error, match="zone Europe/Berlin, not in UTC"):
        written_by_flink(connection, "Europe/Berlin")

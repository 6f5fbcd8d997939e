"""The aggregator on real servers: every candle equals plain SQL over the trades."""

import signal
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest

from stockstream.connectors.postgres.connection import Address, Connection
from stockstream.connectors.postgres.engine_lock import EngineLock
from stockstream.connectors.postgres.store.candles import CandleTable
from stockstream.errors import FencedError
from stockstream.market.candles.candle import Candle
from stockstream.market.candles.tumbling import Changes
from stockstream.settings import Settings
from tests.integration.candles import aggregate, assert_plain_sql, consume, differing
from tests.integration.mixed_tape import Line, mixed_tape, produce
from tests.integration.topics import rows
from tests.scripts import ran, running
from tests.waiting import until

COUNT = 40_000


def progress(connection: Connection) -> object:
    return rows(connection, "SELECT sum(next_offset) FROM ingest_offsets WHERE job = 'aggregator'")


def has_moved(connection: Connection, seen: object) -> bool:
    return progress(connection) != seen


def test_a_mixed_tape_gives_the_candles_of_plain_sql(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    produce(settings, mixed_tape(COUNT))
    consume(environment)
    told = aggregate(environment)
    assert_plain_sql(connection)
    future = "window_start > '2027-01-01Z'"
    assert rows(connection, f"SELECT is_final, trade_count FROM stock_metrics WHERE {future}") == [(False, 1)]  # noqa: S608
    assert rows(connection, f"SELECT bool_and(is_final) FROM stock_metrics WHERE NOT {future}") == [(True,)]  # noqa: S608
    assert "ended: " in told


def test_killed_at_any_time_it_loses_and_doubles_nothing(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    tape = mixed_tape(COUNT)
    third = len(tape) // 3 + 1
    with running(environment, "consumer.py"):
        for start in range(0, len(tape), third):
            seen = progress(connection)
            produce(settings, tape[start : start + third])
            with running(environment, "aggregator.py"):
                until(partial(has_moved, connection, seen), timeout=30)
    consume(environment)
    aggregate(environment)
    assert_plain_sql(connection)


def test_a_candle_that_formed_before_a_restart_goes_on_from_the_tape(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    begun = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    lines = [Line(f"t{n}", begun + timedelta(seconds=n), "AAPL", f"1.{n}", "2", "BUY") for n in range(6)]
    produce(settings, lines[:3])
    consume(environment)
    for line in lines[3:]:
        produce(settings, [line])
        with running(environment, "aggregator.py"):
            until(partial(closes_at, connection, Decimal(line.price)), timeout=30)
        consume(environment)
    found = rows(connection, "SELECT trade_count, open, total_volume, is_final FROM stock_metrics")
    assert found == [(6, Decimal("1.0"), 12, False)]


def closes_at(connection: Connection, price: Decimal) -> bool:
    return rows(connection, "SELECT close FROM stock_metrics") == [(price,)]


def test_a_candle_is_seen_while_it_forms(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    with running(environment, "aggregator.py"):
        until(lambda: rows(connection, "SELECT FROM ingest_offsets WHERE job = 'aggregator'"), timeout=30)
        produce(settings, [Line("now", datetime.now(UTC), "AAPL", "1.5", "1", "BUY")])
        until(lambda: rows(connection, "SELECT FROM stock_metrics"), timeout=10)
        assert rows(connection, "SELECT is_final, trade_count FROM stock_metrics") == [(False, 1)]


def test_a_connection_that_breaks_again_and_again_loses_and_doubles_nothing(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    tape = mixed_tape(10_000)
    with running(environment, "consumer.py"), running(environment, "aggregator.py") as aggregator:
        for start in range(0, len(tape), 2_000):
            seen = progress(connection)
            produce(settings, tape[start : start + 2_000])
            rows(
                connection,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database()"
                " AND application_name IN ('stockstream aggregator', 'stockstream reconciler')",
            )
            until(partial(has_moved, connection, seen), timeout=30)
        aggregator.terminate()
        aggregator.communicate(timeout=60)
    assert aggregator.returncode == 0
    consume(environment)
    aggregate(environment)
    assert_plain_sql(connection)


def test_a_zombie_is_refused_and_writes_nothing(
    settings: Settings, address: Address, connection: Connection
) -> None:
    changes = Changes([one_candle()], {0: 1})
    zombie, owner = (CandleTable(address, settings.kafka_topic) for _ in range(2))
    with closing(zombie), closing(owner):
        zombie.acquire([0])
        owner.acquire([0])
        with pytest.raises(FencedError):
            zombie.write(changes)
        assert rows(connection, "SELECT FROM stock_metrics") == []
        owner.write(changes)
        assert rows(connection, "SELECT trade_count, vwap FROM stock_metrics") == [(1, Decimal("1.5"))]


def one_candle() -> Candle:
    price, volume = Decimal("1.5"), Decimal(2)
    return Candle(
        symbol="AAPL",
        start=0,
        trade_count=1,
        price_sum=price,
        low=price,
        high=price,
        volume=volume,
        value=price * volume,
        buy_volume=volume,
        sell_volume=Decimal(0),
        opened=0,
        open=price,
        closed=0,
        close=price,
    )


def test_two_share_the_partitions_and_one_that_is_killed_is_replaced(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    tape = mixed_tape(COUNT // 2)
    with running(environment, "consumer.py"), running(environment, "aggregator.py"):
        with running(environment, "aggregator.py"):
            produce(settings, tape[: COUNT // 4])
            until(
                lambda: rows(
                    connection, "SELECT FROM ingest_offsets WHERE job = 'aggregator' AND next_offset > 0"
                ),
                timeout=30,
            )
        produce(settings, tape[COUNT // 4 :])
        until(lambda: rows(connection, "SELECT FROM trades") and not differing(connection), timeout=60)
    consume(environment)
    aggregate(environment)
    assert_plain_sql(connection)


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(
    settings: Settings, environment: Mapping[str, str], connection: Connection, signum: signal.Signals
) -> None:
    produce(settings, mixed_tape(100))
    with running(environment, "aggregator.py") as aggregator:
        until(lambda: rows(connection, "SELECT FROM stock_metrics"), timeout=30)
        aggregator.send_signal(signum)
        _, told = aggregator.communicate(timeout=60)
    assert aggregator.returncode == 0, told
    assert "ended: " in told


def test_bad_messages_are_skipped_and_counted(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    produce(settings, mixed_tape(500))
    consume(environment)
    # The engine begins where the consumer is: where that is the topic's begin, it meets them all.
    rows(connection, "UPDATE ingest_offsets SET next_offset = 0 WHERE job = 'consumer' RETURNING 1")
    assert "5 messages skipped" in aggregate(environment)


def test_a_missing_server_is_one_line_and_patience(environment: Mapping[str, str]) -> None:
    with running(dict(environment) | {"POSTGRES_PORT": "1"}, "aggregator.py") as aggregator:
        assert aggregator.stderr is not None
        line = aggregator.stderr.readline()
        assert "cannot reach PostgreSQL at 127.0.0.1:1 (Connection refused); is it running?" in line
        aggregator.terminate()
        _, rest = aggregator.communicate(timeout=60)
    assert aggregator.returncode == 0
    assert "Traceback" not in rest


def test_a_missing_schema_is_one_line(environment: Mapping[str, str]) -> None:
    done = ran(dict(environment) | {"POSTGRES_DB": "postgres"}, "aggregator.py")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("run: python database.py init")


def test_where_flink_writes_the_candles_it_says_so_and_stops(
    address: Address, environment: Mapping[str, str], connection: Connection
) -> None:
    with closing(EngineLock(address, "flink")) as lock:
        lock.acquire()
        refused = ran(environment, "aggregator.py")
    assert refused.returncode == 1
    (line,) = refused.stderr.splitlines()
    assert "flink" in line
    assert "python flink_processor.py cancel" in line
    assert rows(connection, "SELECT FROM ingest_offsets") == []

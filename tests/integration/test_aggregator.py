"""The aggregator on real servers: every candle equals plain SQL over the trades."""

import signal
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest

from stockstream.connectors.candles import CandleTable
from stockstream.connectors.engine_lock import EngineLock
from stockstream.connectors.postgres import Address, Connection
from stockstream.errors import FencedError
from stockstream.market.candle import Part, candle, part_of_trade
from stockstream.market.trade import Trade
from stockstream.market.windows_checkpoint import Checkpoint, Mark
from stockstream.settings import Settings
from tests.integration.mixed_tape import BAD, Line, mixed_tape, produce, store
from tests.integration.topics import drop_below
from tests.scripts import ran, running
from tests.waiting import until

COUNT = 40_000

# What plain SQL makes of the trades, without those that the tape made too late.
PLAIN = """
SELECT symbol, date_bin('60 seconds', timestamp, '1970-01-01Z') AS window_start,
    date_bin('60 seconds', timestamp, '1970-01-01Z') + interval '60 seconds',
    count(*) FILTER (WHERE source <> 'tardy'), count(*) FILTER (WHERE source = 'tardy'),
    avg(price) FILTER (WHERE source <> 'tardy'),
    min(price) FILTER (WHERE source <> 'tardy'), max(price) FILTER (WHERE source <> 'tardy'),
    coalesce(sum(volume) FILTER (WHERE source <> 'tardy'), 0),
    coalesce(sum(total_value) FILTER (WHERE source <> 'tardy'), 0),
    (array_agg(price ORDER BY timestamp, kafka_partition, kafka_offset) FILTER (WHERE source <> 'tardy'))[1],
    (array_agg(price ORDER BY timestamp DESC, kafka_partition DESC, kafka_offset DESC)
        FILTER (WHERE source <> 'tardy'))[1],
    sum(total_value) FILTER (WHERE source <> 'tardy') / sum(volume) FILTER (WHERE source <> 'tardy'),
    coalesce(sum(volume) FILTER (WHERE source <> 'tardy' AND trade_type = 'BUY'), 0),
    coalesce(sum(volume) FILTER (WHERE source <> 'tardy' AND trade_type = 'SELL'), 0)
FROM trades GROUP BY 1, 2
"""

CANDLES = """
SELECT symbol, window_start, window_end, trade_count, late_trades, avg_price, min_price, max_price,
    total_volume, total_value, open, close, vwap, buy_volume, sell_volume
FROM stock_metrics
"""


def rows(connection: Connection, sql: str) -> list[tuple[object, ...]]:
    with connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def candles_differ(connection: Connection) -> list[tuple[object, ...]]:
    """Return candles that plain SQL does not make, and those that it makes and are not there."""
    return rows(
        connection,
        f"(({CANDLES}) EXCEPT ALL ({PLAIN})) UNION ALL (({PLAIN}) EXCEPT ALL ({CANDLES}))",
    )


def assert_candles_are_plain_sql(connection: Connection) -> None:
    assert candles_differ(connection) == []
    assert_sums_are_the_trades(connection)


def assert_sums_are_the_trades(connection: Connection) -> None:
    assert rows(connection, "SELECT sum(trade_count + late_trades) FROM stock_metrics") == rows(
        connection, "SELECT count(*)::numeric FROM trades"
    )


def progress(connection: Connection) -> object:
    return rows(connection, "SELECT sum(next_offset) FROM ingest_offsets WHERE job = 'aggregator'")


def has_moved(connection: Connection, seen: object) -> bool:
    return progress(connection) != seen


def aggregate(environment: Mapping[str, str]) -> str:
    done = ran(environment, "aggregator.py", "--exit-when-idle", "1")
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_a_mixed_tape_gives_the_candles_of_plain_sql(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    store(connection, produce(settings, mixed_tape(COUNT)))
    told = aggregate(environment)
    assert_candles_are_plain_sql(connection)
    assert rows(connection, "SELECT count(*) > 0 FROM stock_metrics WHERE late_trades > 0") == [(True,)]
    future = "window_start > '2027-01-01Z'"
    assert rows(connection, f"SELECT is_final, trade_count FROM stock_metrics WHERE {future}") == [(False, 1)]  # noqa: S608
    assert rows(connection, f"SELECT bool_and(is_final) FROM stock_metrics WHERE NOT {future}") == [(True,)]  # noqa: S608
    assert "ended: " in told


def test_killed_at_any_time_it_loses_and_doubles_nothing(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    tape = mixed_tape(COUNT)
    third = len(tape) // 3 + 1
    for start in range(0, len(tape), third):
        store(connection, produce(settings, tape[start : start + third]))
        seen = progress(connection)
        with running(environment, "aggregator.py"):
            until(partial(has_moved, connection, seen), patience=30)
    aggregate(environment)
    assert_candles_are_plain_sql(connection)


def test_a_late_trade_waits_for_the_tape_and_a_repeat_is_let_go(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    opening = datetime(2026, 11, 20, 10, tzinfo=UTC)
    early = Line("a", opening, "AAPL", "1", "1", "BUY")
    late = Line("b", opening, "AAPL", "2", "1", "BUY")
    placed = produce(settings, [early, Line("c", opening + timedelta(minutes=9), "AAPL", "3", "1", "BUY")])
    aggregate(environment)
    placed += produce(settings, [late, early, late])
    aggregate(environment)
    assert rows(connection, "SELECT count(*) FROM late_arrivals") == [(3,)]
    assert rows(connection, "SELECT sum(late_trades) FROM stock_metrics") == [(0,)]
    store(connection, placed)
    aggregate(environment)
    assert rows(connection, "SELECT count(*) FROM late_arrivals") == [(0,)]
    assert rows(connection, "SELECT trade_count, late_trades FROM stock_metrics ORDER BY window_start") == [
        (1, 1),
        (1, 0),
    ]


def test_a_final_candle_that_is_restated_stays_final_and_says_so(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    opening = datetime(2026, 11, 20, 10, tzinfo=UTC)
    for number, expected in enumerate([(1, True, 0), (2, True, 1)]):
        trade = Line(f"t{number}", opening, "AAPL", "1.5", "1", "BUY")
        store(connection, produce(settings, [trade]))
        aggregate(environment)
        found = rows(connection, "SELECT trade_count, is_final, revision FROM stock_metrics")
        assert found == [expected]
    assert_candles_are_plain_sql(connection)


def test_a_candle_is_seen_while_it_forms(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    with running(environment, "aggregator.py"):
        until(lambda: rows(connection, "SELECT FROM aggregator_marks"), patience=30)
        produce(settings, [Line("now", datetime.now(UTC), "AAPL", "1.5", "1", "BUY")])
        until(lambda: rows(connection, "SELECT FROM stock_metrics"), patience=1)
        assert rows(connection, "SELECT is_final, trade_count FROM stock_metrics") == [(False, 1)]


def test_a_connection_that_breaks_again_and_again_loses_and_doubles_nothing(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    tape = mixed_tape(10_000)
    with running(environment, "aggregator.py") as aggregator:
        for start in range(0, len(tape), 2_000):
            seen = progress(connection)
            store(connection, produce(settings, tape[start : start + 2_000]))
            rows(
                connection,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND application_name = 'stockstream aggregator'",
            )
            until(partial(has_moved, connection, seen), patience=30)
        aggregator.terminate()
        aggregator.communicate(timeout=10)
    assert aggregator.returncode == 0
    aggregate(environment)
    assert_candles_are_plain_sql(connection)


def test_a_zombie_is_refused_and_writes_nothing(
    settings: Settings, address: Address, connection: Connection
) -> None:
    candles = [candle("AAPL", 0, [part_of_one_trade()], is_final=True)]
    zombie, owner = (CandleTable(address, settings.kafka_topic) for _ in range(2))
    with closing(zombie), closing(owner):
        zombie.claim([0])
        owner.claim([0])
        with pytest.raises(FencedError):
            zombie.write(Checkpoint(candles, [], {0: Mark(next_offset=1)}))
        assert rows(connection, "SELECT FROM stock_metrics") == []
        owner.write(Checkpoint(candles, [], {0: Mark(next_offset=1)}))
        assert rows(connection, "SELECT trade_count, vwap FROM stock_metrics") == [(1, Decimal("1.5"))]


def part_of_one_trade() -> Part:
    moment = datetime(1970, 1, 1, tzinfo=UTC)
    price, volume = Decimal("1.5"), Decimal(2)
    one = Trade(trade_id="1", timestamp=moment, symbol="AAPL", price=price, volume=volume, trade_type="BUY")
    return part_of_trade((0, 0, 0), one)


def test_two_share_the_partitions_and_one_that_is_killed_is_replaced(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    tape = mixed_tape(COUNT // 2)
    with running(environment, "aggregator.py"):
        with running(environment, "aggregator.py"):
            store(connection, produce(settings, tape[: COUNT // 4]))
            until(
                lambda: rows(
                    connection, "SELECT FROM ingest_offsets WHERE job = 'aggregator' AND next_offset > 0"
                ),
                patience=30,
            )
        store(connection, produce(settings, tape[COUNT // 4 :]))
        sent = rows(connection, "SELECT count(*)::numeric FROM trades")
        until(
            lambda: rows(connection, "SELECT sum(trade_count + late_trades) FROM stock_metrics") == sent,
            patience=60,
        )
    aggregate(environment)
    assert_candles_are_plain_sql(connection)


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(
    settings: Settings, environment: Mapping[str, str], connection: Connection, signum: signal.Signals
) -> None:
    produce(settings, mixed_tape(100))
    with running(environment, "aggregator.py") as aggregator:
        until(lambda: rows(connection, "SELECT FROM stock_metrics"), patience=30)
        aggregator.send_signal(signum)
        _, told = aggregator.communicate(timeout=10)
    assert aggregator.returncode == 0, told
    assert "ended: " in told


def test_bad_messages_are_skipped_and_counted(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    store(connection, produce(settings, mixed_tape(500)))
    assert f"{BAD.count(BAD) * 5} bad messages skipped" in aggregate(environment)
    assert_candles_are_plain_sql(connection)


def test_a_missing_server_is_one_line_and_patience(environment: Mapping[str, str]) -> None:
    with running(dict(environment) | {"POSTGRES_PORT": "1"}, "aggregator.py") as aggregator:
        assert aggregator.stderr is not None
        line = aggregator.stderr.readline()
        assert "cannot reach PostgreSQL at 127.0.0.1:1 (Connection refused); is it running?" in line
        aggregator.terminate()
        _, rest = aggregator.communicate(timeout=10)
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
        lock.claim()
        refused = ran(environment, "aggregator.py")
    assert refused.returncode == 1
    (line,) = refused.stderr.splitlines()
    assert "flink" in line
    assert "python flink_processor.py cancel" in line
    assert rows(connection, "SELECT FROM ingest_offsets") == []


def test_candles_whose_trades_are_gone_from_the_topic_stay_as_they_are(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    opening = datetime(2026, 11, 20, 10, tzinfo=UTC)
    lines = [
        Line(f"t{second}", opening + timedelta(seconds=second), "AAPL", "1.5", "1", "BUY")
        for second in range(50)
    ]
    placed = produce(settings, lines[:40])
    aggregate(environment)
    drop_below(settings, 30, partition=placed[0][1])
    store(connection, placed + produce(settings, lines[40:]))
    aggregate(environment)
    found = rows(connection, "SELECT trade_count, late_trades, is_final FROM stock_metrics")
    assert found == [(40, 10, True)]
    assert_sums_are_the_trades(connection)

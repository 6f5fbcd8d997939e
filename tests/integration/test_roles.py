"""Each process has a user of its own, who may do its work and nothing else."""

from collections.abc import Iterator, Mapping
from contextlib import closing

import psycopg2
import pytest
from psycopg2.errors import InsufficientPrivilege

from stockstream.connectors.postgres.connection import Address, Connection, connect
from stockstream.connectors.postgres.read_pool import ReadPool
from tests.integration.users import ROLES, users

TRADE = (
    "INSERT INTO trades (trade_id, timestamp, symbol, price, volume, trade_type, source, kafka_partition,"
    " kafka_offset) VALUES ('1', now(), 'A', 1, 1, 'BUY', 'test', 0, 0)"
)
CANDLE = (
    "INSERT INTO stock_metrics (symbol, window_start, window_end, trade_count, total_volume, total_value,"
    " buy_volume, sell_volume, is_final) VALUES ('A', now(), now(), 1, 1, 1, 1, 0, true)"
)
FINDING = (
    "INSERT INTO anomalies (symbol, kind, source, span_start, span_end, methods, score, threshold,"
    " explanation, model_version) VALUES ('A', 'x', 'test', now(), now(), '{z}', 1, 1, 'x', 'none')"
)
DAY = "SELECT make_trades_day('2020-01-02')"
LETTER = "DELETE FROM dead_letters"
LABELS = "SELECT count(anomaly) FROM trades"
GAP = "DELETE FROM feed_gaps"
NOTE = "INSERT INTO touched_minutes (symbol, window_start) VALUES ('A', now())"
SETTLED = "DELETE FROM unreconciled_minutes"
EMPTIED = "DELETE FROM stock_metrics"
PATTERN = "INSERT INTO flink_findings VALUES ('A', 'price_ramp', 'test', 0, 1, 6, 1, 2, 2, 1)"
MAY = {
    "reader": {LABELS},
    "writer": {LABELS, TRADE, DAY, LETTER, NOTE},
    "aggregator": {LABELS, CANDLE, EMPTIED, NOTE, SETTLED},
    "detector": {FINDING},
    "flink": {LABELS, CANDLE, EMPTIED, NOTE, SETTLED, FINDING, PATTERN},
    "producer": {LABELS, GAP},
}
# What is for the owner alone.
NEVER = {
    "CREATE TABLE own (it int)",
    "DROP TABLE trades_20200101",
    "DROP TABLE stock_metrics",
    "TRUNCATE trades",
    "UPDATE trades SET price = 1",
    "DELETE FROM trades",
    "DELETE FROM anomalies",
    "INSERT INTO prunings (before) VALUES (now())",
    "INSERT INTO schema_versions VALUES (99)",
    "ALTER TABLE ingest_offsets DISABLE ROW LEVEL SECURITY",
}


@pytest.fixture
def people(address: Address, connection: Connection) -> Iterator[Mapping[str, Address]]:
    """A user for each role, on a tape with a day of 2020 and a place of each job."""
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT make_trades_day('2020-01-01')")
        cursor.execute(
            "INSERT INTO ingest_offsets (job, topic, kafka_partition, next_offset, owner_epoch)"
            " SELECT job, 't', 0, 5, 1"
            " FROM unnest(ARRAY['consumer', 'aggregator', 'aggregator 5m/1m', 'detector']) AS job"
        )
    with users(address) as made:
        yield made


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_its_own_work_and_no_other(role: str, people: Mapping[str, Address]) -> None:
    everything = set().union(*MAY.values()) | NEVER
    done = set()
    with closing(connect(people[role], "test")) as connection:
        for statement in sorted(everything):
            try:
                with connection.cursor() as cursor:
                    cursor.execute(statement)
                done.add(statement)
            except InsufficientPrivilege:
                pass
            finally:
                connection.rollback()
    assert done == MAY[role]


def test_a_job_moves_its_own_place_alone(people: Mapping[str, Address]) -> None:
    moved = {}
    for role in ("writer", "aggregator", "detector"):
        with closing(connect(people[role], "test")) as connection, connection.cursor() as cursor:
            cursor.execute("UPDATE ingest_offsets SET next_offset = 6 RETURNING job")
            moved[role] = {job for (job,) in cursor.fetchall()}
            connection.rollback()
    everyone = {"consumer", "aggregator", "aggregator 5m/1m", "detector"}
    assert moved == {
        "writer": everyone,
        "aggregator": {"aggregator", "aggregator 5m/1m"},
        "detector": {"detector"},
    }
    with closing(connect(people["detector"], "test")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ingest_offsets")
        assert cursor.fetchone() == (len(everyone),)


def test_a_new_day_is_the_owners_and_readable_by_name(
    people: Mapping[str, Address], address: Address, connection: Connection
) -> None:
    with closing(connect(people["writer"], "test")) as writing, writing, writing.cursor() as cursor:
        cursor.execute(DAY)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT tableowner FROM pg_tables WHERE tablename = 'trades_20200102'")
        assert cursor.fetchone() == (address.user,)
    with closing(connect(people["reader"], "test")) as reading, reading.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM trades_20200102")
        cursor.execute("SELECT count(*) FROM trades_days()")
        assert cursor.fetchone() == (3,)


def test_what_a_day_is_made_with_cannot_be_put_in_its_owners_way(people: Mapping[str, Address]) -> None:
    with closing(connect(people["writer"], "test")) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE trades (mine int)")
        cursor.execute(DAY)
        cursor.execute("SELECT count(*) FROM information_schema.columns WHERE table_name = 'trades_20200102'")
        assert cursor.fetchone() != (1,)


def test_the_dashboard_reads_as_its_own_user_and_cannot_write(people: Mapping[str, Address]) -> None:
    readers = ReadPool(people["reader"], "test", size=1)
    try:
        assert readers.read(lambda rows: rows("SELECT current_user, count(*) FROM trades", None)) == [
            ("stockstream_reader", 0)
        ]
    finally:
        readers.close()
    with closing(connect(people["reader"], "test")) as connection, connection.cursor() as cursor:
        with pytest.raises(psycopg2.Error) as refusal:
            cursor.execute(TRADE)
        assert refusal.value.pgcode == "42501"

"""The tables: made once, brought forward, looked at and pruned."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from stockstream.connectors.postgres import maintenance, schema, sql
from stockstream.connectors.postgres.connection import Address, Connection
from stockstream.errors import SchemaMissingError, SchemaTooNewError
from tests.scripts import ran

INSERT = """
INSERT INTO trades
    (trade_id, "timestamp", symbol, price, volume, trade_type, source, kafka_partition, kafka_offset)
VALUES (%s, %s, 'AAPL', 2, 3, 'BUY', 'test', 0, %s)
"""


def insert(connection: Connection, *ages: timedelta) -> None:
    now = datetime.now(UTC)
    with connection, connection.cursor() as cursor:
        for number, age in enumerate(ages):
            cursor.execute(INSERT, (str(number), now - age, number))


def make_days(connection: Connection, *ages: timedelta) -> None:
    with connection, connection.cursor() as cursor:
        for age in ages:
            cursor.execute("SELECT make_trades_day(%s)", ((datetime.now(UTC) - age).date(),))


def count(connection: Connection) -> int:
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM trades")
        return int((cursor.fetchone() or (0,))[0])


def empty(connection: Connection) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")


def test_init_makes_the_tables_and_again_changes_nothing(
    environment: Mapping[str, str], connection: Connection, address: Address
) -> None:
    empty(connection)
    first, second = ran(environment, "database.py", "init"), ran(environment, "database.py", "init")
    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert "nothing to do" in second.stdout
    schema.require(connection, address)


def test_a_step_that_fails_leaves_all_as_it_was(
    connection: Connection, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty(connection)
    more = (*sql.steps(), (9999, "CREATE TABLE half (); SELECT 1/0"))
    monkeypatch.setattr(schema, "steps", lambda: more)
    with pytest.raises(Exception, match="division by zero"):
        schema.migrate(connection, address)
    with pytest.raises(SchemaMissingError):
        schema.version(connection, address)


def test_a_newer_schema_is_left_alone(connection: Connection, address: Address) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO schema_versions (version) VALUES (9999)")
    with pytest.raises(SchemaTooNewError):
        schema.migrate(connection, address)


def test_a_row_knows_its_value_and_its_label(connection: Connection) -> None:
    insert(connection, timedelta())
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT total_value, is_anomaly FROM trades")
        assert cursor.fetchall() == [(6, False)]


def test_prune_drops_old_days_whole_and_nothing_else(
    environment: Mapping[str, str], connection: Connection
) -> None:
    make_days(connection, timedelta(days=31), timedelta(days=29), timedelta())
    insert(connection, timedelta(days=31), timedelta(days=29), timedelta())
    pruned = ran(environment, "database.py", "prune", "--older-than", "30d")
    assert pruned.returncode == 0, pruned.stderr
    assert "pruned 1 days and 0 other trades" in pruned.stdout
    assert count(connection) == 2


def test_prune_takes_old_trades_of_no_day_in_slices(
    connection: Connection, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "SLICE", 2)
    insert(connection, *[timedelta(days=2)] * 5, timedelta())
    assert maintenance.prune_elsewhen(connection, address, datetime.now(UTC) - timedelta(days=1)) == 5
    assert count(connection) == 1


def test_what_is_still_to_be_reconciled_is_not_to_be_pruned(connection: Connection, address: Address) -> None:
    now = datetime.now(UTC)
    assert maintenance.prunable_before(connection, address, now) == now.replace(second=0, microsecond=0)
    noted = now.replace(second=0, microsecond=0) - timedelta(days=2)
    with connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO touched_minutes (symbol, window_start) VALUES ('AAPL', %s)", [noted])
    assert maintenance.prunable_before(connection, address, now) == noted


def test_a_day_takes_in_its_trades_that_were_elsewhere(connection: Connection) -> None:
    insert(connection, timedelta(days=3), timedelta(days=2))
    make_days(connection, timedelta(days=3))
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM trades_elsewhen")
        assert cursor.fetchone() == (1,)
    assert count(connection) == 2


@pytest.mark.parametrize("age", ["30", "x", "0d", "-1d", ""])
def test_an_age_that_is_none_is_wrong_usage(environment: Mapping[str, str], age: str) -> None:
    refused = ran(environment, "database.py", "prune", "--older-than", age)
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr


def test_status_shows_versions_sizes_and_places(
    environment: Mapping[str, str], connection: Connection
) -> None:
    insert(connection, timedelta())
    shown = ran(environment, "database.py", "status")
    assert shown.returncode == 0, shown.stderr
    assert f"schema version {schema.newest()}" in shown.stdout
    assert "trades" in shown.stdout


def test_a_missing_server_is_one_line(environment: Mapping[str, str]) -> None:
    refused = ran(dict(environment) | {"POSTGRES_PORT": "1"}, "database.py", "status")
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert refused.stderr.startswith("database: cannot reach PostgreSQL at 127.0.0.1:1 (Connection refused)")

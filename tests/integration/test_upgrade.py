"""A database of any earlier version, with data in it, is brought forward and loses nothing."""

import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest

from stockstream.connectors.postgres import fence, maintenance, schema, sql
from stockstream.connectors.postgres.connection import Address, Connection
from stockstream.connectors.postgres.read.audit import AuditedTape
from stockstream.connectors.postgres.read.export import Wanted, export_trades
from stockstream.connectors.postgres.read.probes import Probes
from stockstream.connectors.postgres.read.trade_reader import BEGINNING, END
from stockstream.connectors.postgres.store.candles import CandleTable
from stockstream.connectors.postgres.store.reconciliation import Reconciliation
from stockstream.jobs.audit import audit
from stockstream.jobs.health.check_result import State
from stockstream.jobs.reconcile import Barrier, Reconciler, log
from stockstream.jobs.retry import Retry
from tests.integration.topics import rows
from tests.scripts import ran

FORMER = [number for number, _ in sql.steps()][:-1]
FOLDER = Path(__file__).parent / "former"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
# What only engines kept that had to be exact by themselves; the reconciler makes candles from the tape.
GONE = {
    *("late_arrivals", "early_trades", "aggregator_marks", "aggregator_symbols", "candle_pieces"),
    *("flink_candles", "flink_closings", "flink_ticks"),
}
COLUMNS = """
    SELECT attname FROM pg_attribute WHERE attrelid = '{}'::regclass AND attnum > 0 AND NOT attisdropped
"""


def as_it_was(connection: Connection, version: int) -> None:
    """Make the database of a version, with what it kept."""
    with connection, connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        cursor.execute(sql.query("create_schema_versions"))
        for number, step in sql.steps()[:version]:
            cursor.execute(step)
            cursor.execute("INSERT INTO schema_versions (version) VALUES (%s)", (number,))
            kept = FOLDER / f"{number:04}.sql"
            if kept.exists():
                cursor.execute(kept.read_text("utf-8"))


def columns(connection: Connection) -> dict[str, list[str]]:
    """Return the columns of each table but the list of versions, which is there to grow."""
    tables = {str(name) for (name,) in rows(connection, TABLES)} - {"schema_versions"}
    return {name: [f'"{column}"' for (column,) in rows(connection, COLUMNS.format(name))] for name in tables}


def contents(connection: Connection, of: dict[str, list[str]]) -> dict[str, list[tuple[object, ...]]]:
    """Return the rows of these columns of each table."""
    return {
        name: sorted(rows(connection, f"SELECT {', '.join(each)} FROM {name}"), key=str)  # noqa: S608 - our own
        for name, each in of.items()
    }


@pytest.mark.parametrize("version", FORMER)
def test_a_former_version_is_brought_forward_and_loses_nothing(
    connection: Connection, address: Address, tmp_path: Path, version: int
) -> None:
    as_it_was(connection, version)
    known = {name: each for name, each in columns(connection).items() if name not in GONE}
    before = contents(connection, known)
    assert all(before[name] for name in ("trades", "dead_letters", "ingest_offsets", "stock_metrics"))
    assert schema.migrate(connection, address) == [number for number, _ in sql.steps()[version:]]
    assert contents(connection, known) == before
    schema.require(connection, address)
    assert unsound(address) == []
    use(connection, address, tmp_path)


def test_init_brings_the_first_version_forward(environment: dict[str, str], connection: Connection) -> None:
    as_it_was(connection, 1)
    done = ran(environment, "database.py", "init")
    assert done.returncode == 0, done.stderr
    steps = ", ".join(str(number) for number, _ in sql.steps()[1:])
    assert f"took steps {steps}; schema version {schema.newest()}" in done.stdout


def unsound(address: Address) -> list[str]:
    """Return what an audit has to say against the tape."""
    with closing(AuditedTape(address, "old")) as tape:
        checks = audit(tape, lambda _wanted: {}, lambda: None, lambda _what, _share: None)
    assert len(checks) == 6
    return [check.detail for check in checks if check.state is State.FAILED]


def use(connection: Connection, address: Address, folder: Path) -> None:
    """Have today's jobs find their places, and today's commands what they ask for."""
    with connection, connection.cursor() as cursor:
        fence.FencedJob("consumer", "old").acquire(cursor, [0, 1])
        places = {each: fence.committed_offset(cursor, "consumer", "old", each) for each in (0, 1)}
    assert places == {0: fence.CommittedOffset(4, 4), 1: fence.CommittedOffset(3, 3)}
    with closing(CandleTable(address, "old")) as candles:
        candles.check()
        assert {each: begun.next_offset for each, begun in candles.acquire([0, 1]).items()} == {0: 4, 1: 3}
    with closing(Probes(address, "old")) as probes:
        assert {place.next_offset for place in probes.progress("consumer").values()} == {3, 4}
    assert maintenance.newest_trade(connection, address) == NOON.replace(minute=1, second=3)
    assert [day.table for day in maintenance.old_days(connection, address, datetime.now(UTC))] == [
        f"trades_{NOON:%Y%m%d}"
    ]
    with closing(Reconciliation(address)) as minutes:
        Reconciler(minutes, Barrier(minutes.now, dict, dict), time.monotonic).finish(
            Retry(Event(), log), Event()
        )
    assert rows(connection, "SELECT sum(trade_count), sum(late_trades) FROM stock_metrics") == [(4, 0)]
    assert export_trades(connection, address, folder / "all.parquet", Wanted([], BEGINNING, END)) == 4

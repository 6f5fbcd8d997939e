"""What `database.py export` wrote, `database.py import` puts back: each trade once, at its place."""

import csv
import shlex
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from subprocess import CompletedProcess
from threading import Event

import pytest

from stockstream.connectors.postgres.connection import Address, Connection, address_of, connect
from stockstream.connectors.postgres.read.audit import AuditedTape
from stockstream.connectors.postgres.read.export import Wanted, export_trades
from stockstream.connectors.postgres.read.trade_reader import BEGINNING, END
from stockstream.connectors.postgres.store.imports import ImportedTape
from stockstream.errors import PositionClashError
from stockstream.jobs.audit import audit
from stockstream.jobs.health.check_result import State
from stockstream.jobs.tape.import_trades import Importer
from stockstream.market.trade.arrivals import SCHEMA
from stockstream.services.servers.scratch import Scratch
from stockstream.settings import Settings
from tests.fresh import environment_of, fresh
from tests.integration.candles import assert_plain_sql, reconcile
from tests.integration.mixed_tape import mixed_tape, produce
from tests.integration.topics import count, rows
from tests.scripts import ran, running
from tests.waiting import until

Environment = Mapping[str, str]
# An export of the first version; the round trip has every column of a newer one.
LATER = ("conditions", "updates_last", "side_inferred", "corrects", "cancels")
HEADER = [name for name in SCHEMA.names if name not in LATER]
TAPE = 'SELECT trades.* FROM trades ORDER BY "timestamp", kafka_partition, kafka_offset'
CANDLES = """
    SELECT symbol, window_start, window_end, trade_count, avg_price, min_price, max_price, total_volume,
           total_value, open, close, vwap, buy_volume, sell_volume
    FROM stock_metrics WHERE is_final AND {} ORDER BY 1, 2
"""
ROWS = 45_000


def line(number: int, **other: object) -> list[object]:
    """The row of a trade, as an export has it."""
    fields = {
        "trade_id": f"t{number:06}",
        "timestamp": f"2026-11-20T10:{number // 60 % 60:02}:{number % 60:02}.000001Z",
        "symbol": "AAPL",
        "price": "187.12",
        "volume": number % 9 + 1,
        "trade_type": "BUY",
        "source": "test",
        "anomaly": "",
        "kafka_partition": number % 2,
        "kafka_offset": number // 2,
    }
    return list((fields | other).values())


def written(path: Path, lines: list[list[object]], header: list[str] = HEADER) -> str:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *lines])
    return str(path)


def put_back(settings: Settings, *files: str) -> str:
    """Import files in this process; returns what became of their rows."""
    with closing(ImportedTape(address_of(settings), settings.kafka_topic)) as tape:
        importer = Importer(tape, Event(), lambda: 0.0)
        for file in files:
            importer.add(Path(file))
    return str(importer.total)


def unsound(address: Address, topic: str) -> list[str]:
    """Return what an audit has to say against the tape."""
    with closing(AuditedTape(address, topic)) as tape:
        checks = audit(tape, lambda _wanted: {}, lambda: None, lambda _what, _share: None)
    assert len(checks) == 6
    return [check.detail for check in checks if check.state is State.FAILED]


@contextmanager
def another(servers: Scratch, settings: Settings, folder: Path) -> Iterator[tuple[Settings, Connection]]:
    """Yield the settings of another database for the same topic, and a connection to it."""
    with fresh(servers.settings, folder) as made:
        other = made.model_copy(update={"kafka_topic": settings.kafka_topic})
        with closing(connect(address_of(other), "test")) as connection:
            yield other, connection


def test_a_tape_exported_and_imported_is_the_same_tape_and_goes_on(
    servers: Scratch, settings: Settings, environment: Environment, connection: Connection, tmp_path: Path
) -> None:
    tape = mixed_tape(4_000)
    produce(settings, tape[:3_800])
    for job in ("consumer.py", "aggregator.py"):
        assert ran(environment, job, "--exit-when-idle", "1").returncode == 0
    before, candles = rows(connection, TAPE), rows(connection, CANDLES.format("is_final"))
    for name in ("tape.csv", "tape.parquet"):
        file = tmp_path / name
        export_trades(connection, address_of(settings), file, Wanted([], BEGINNING, END))
        with another(servers, settings, tmp_path) as (other, elsewhere):
            said = f"{len(before):,} stored, {len(before):,} were there already, 0 bad rows left out"
            assert put_back(other, str(file), str(file)) == said
            assert rows(elsewhere, TAPE) == before
            reconcile(environment_of(other))
            assert set(candles) <= set(rows(elsewhere, CANDLES.format("true")))
            assert unsound(address_of(other), other.kafka_topic) == []
            if name == "tape.parquet":
                produce(settings, tape[3_800:])
                goes_on(other, elsewhere)


def test_an_import_beside_a_reconciler_has_its_candles_made(
    environment: Environment, connection: Connection, tmp_path: Path
) -> None:
    file = written(tmp_path / "tape.csv", [line(each) for each in range(1_000)])
    with running(environment, "aggregator.py", "--reconcile-only"):
        assert ran(environment, "database.py", "import", file).returncode == 0
        until(
            lambda: rows(connection, "SELECT sum(trade_count) FROM stock_metrics") == [(1_000,)], timeout=60
        )
    assert_plain_sql(connection)


def goes_on(settings: Settings, connection: Connection) -> None:
    """Let the jobs read the topic from its beginning: all of it is there already but the newest trades."""
    for job in ("consumer.py", "aggregator.py"):
        done = ran(environment_of(settings), job, "--exit-when-idle", "1")
        assert done.returncode == 0, done.stderr
    # Of the tape as a whole, by the ids of its lines: t0 to t3999 and the one far ahead.
    assert count(connection) == 4_001
    assert unsound(address_of(settings), settings.kafka_topic) == []


def test_an_import_that_was_killed_is_run_again(
    environment: Environment, settings: Settings, connection: Connection, address: Address, tmp_path: Path
) -> None:
    bad = {7: {"volume": "-1"}, 30_000: {"kafka_offset": "x"}, 44_000: {"trade_id": ""}}
    file = written(tmp_path / "long.csv", [line(each, **bad.get(each, {})) for each in range(ROWS)])
    with running(environment, "database.py", "import", file) as killed:
        until(lambda: count(connection) != 0, timeout=60)
        killed.kill()
        killed.wait(30)
    done = int(str(count(connection)))
    assert 0 < done < ROWS - 3
    assert unsound(address, settings.kafka_topic) == []
    again = ran(environment, "database.py", "import", file)
    assert again.returncode == 0, again.stderr
    assert f"{ROWS - 3 - done:,} stored, {done:,} were there already, 3 bad rows left out" in again.stdout
    for number in bad:
        assert f"long.csv, line {number + 2:,}: " in again.stderr
    assert count(connection) == ROWS - 3
    assert unsound(address, settings.kafka_topic) == []


def test_parts_of_a_tape_in_any_order_are_one_tape(
    settings: Settings, connection: Connection, address: Address, tmp_path: Path
) -> None:
    late = written(tmp_path / "late.csv", [line(each) for each in range(60, 100)])
    early = written(tmp_path / "early.csv", [line(each) for each in range(70) if each != 31])
    assert put_back(settings, late, early) == "99 stored, 10 were there already, 0 bad rows left out"
    assert unsound(address, settings.kafka_topic) == []
    positions = (
        "SELECT kafka_partition, next_offset, absent FROM ingest_offsets WHERE job = 'consumer' ORDER BY 1"
    )
    assert rows(connection, positions) == [(0, 50, 0), (1, 50, 1)]


@pytest.mark.parametrize("position", [1, 900])
def test_two_trades_at_one_position_are_two_tapes(
    settings: Settings, connection: Connection, tmp_path: Path, position: int
) -> None:
    wrong = [line(2, trade_id=each, kafka_offset=position) for each in ("a", "b")]
    one = written(tmp_path / "one.csv", [line(each) for each in range(10)])
    two = written(tmp_path / "two.csv", wrong[: 1 if position == 1 else 2])
    with pytest.raises(PositionClashError) as refused:
        put_back(settings, one, two)
    claims = f"AAPL test a and AAPL test {'t000002' if position == 1 else 'b'}"
    assert str(refused.value).startswith(f"partition 0, offset {position} is claimed by {claims}: ")
    assert count(connection) == 10


def test_where_the_topic_is_read_it_is_the_one_way_in(
    environment: Environment, connection: Connection, tmp_path: Path
) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ingest_offsets (job, topic, kafka_partition, next_offset, owner_epoch)"
            " VALUES ('consumer', %s, 0, 0, 1)",
            (environment["KAFKA_TOPIC"],),
        )
    file = written(tmp_path / "a day's export.csv", [line(0)])
    refused = ran(environment, "database.py", "import", file)
    assert refused.returncode == 1
    assert count(connection) == 0
    assert followed(environment, refused.stderr).returncode == 0


def test_a_file_without_a_good_row_is_a_failure(
    environment: Environment, connection: Connection, tmp_path: Path
) -> None:
    file = written(tmp_path / "bad.csv", [line(0, price="x"), line(1, price="")])
    failed = ran(environment, "database.py", "import", file)
    assert failed.returncode == 1
    assert "none of its 2 rows is a trade" in failed.stderr
    assert count(connection) == 0


def test_a_file_without_places_is_no_export(environment: Environment, tmp_path: Path) -> None:
    file = written(tmp_path / "plain.csv", [line(0)[:-2]], HEADER[:-2])
    refused = ran(environment, "database.py", "import", file)
    assert refused.returncode == 2
    assert "no column kafka_partition, kafka_offset, as an export has" in refused.stderr
    assert followed(environment, refused.stderr).returncode == 0


def followed(environment: Environment, advice: str) -> CompletedProcess[str]:
    """Run the command that a refusal ends with, as a person would copy it."""
    _, _, command = advice.strip().removesuffix("; see --help").rpartition(": python ")
    return ran(environment, *shlex.split(command))

"""The tape exported and replayed is the same tape, also through stops and kills."""

import re
import signal
from contextlib import closing
from pathlib import Path

import pytest

from stockstream.connectors.postgres.connection import Connection, address_of, connect
from stockstream.market.trade.schema import Trade
from stockstream.services.servers.scratch import Scratch
from stockstream.settings import Settings
from tests.fresh import environment_of, fresh
from tests.integration.test_producer import TIMEOUT, counted, producing, run, total, trades
from tests.scripts import ran
from tests.waiting import until

TAPE = """
    SELECT symbol, trade_id, "timestamp", price, volume, trade_type, source, anomaly
    FROM trades ORDER BY symbol, kafka_partition, kafka_offset
"""


def tape(connection: Connection) -> list[tuple[object, ...]]:
    with connection, connection.cursor() as cursor:
        cursor.execute(TAPE)
        return cursor.fetchall()


def stored(environment: dict[str, str]) -> None:
    assert ran(environment, "consumer.py", "--exit-when-idle", "0.5").returncode == 0


def exported(environment: dict[str, str], path: Path, *options: str) -> int:
    made = ran(environment, "database.py", "export", str(path), *options)
    assert made.returncode == 0, made.stderr
    return int(re.sub(r"\D", "", made.stdout.split(" trades in ")[0]))


def test_an_exported_tape_replayed_is_the_same_tape(
    servers: Scratch, settings: Settings, environment: dict[str, str], connection: Connection, tmp_path: Path
) -> None:
    run(environment, tmp_path / "log", "--count", "3000", "--rate", "20000", "--anomaly-rate", "0.1")
    stored(environment)
    original = tape(connection)
    assert len(original) == 3000
    assert total(settings) == 3000
    for name in ("trades.csv", "trades.parquet"):
        file = tmp_path / name
        assert exported(environment, file) == 3000
        with fresh(servers.settings, tmp_path) as other:
            there = environment_of(other)
            replay = ("--source", "replay", "--file", str(file), "--speed", "max")
            lines = run(there, tmp_path / "said", *replay)
            assert counted(lines) == (3000, 3000, 0)
            assert "timestamp from timestamp" in lines
            stored(there)
            with closing(connect(address_of(other), "test")) as elsewhere:
                assert tape(elsewhere) == original


def test_an_export_has_what_was_asked_for(
    environment: dict[str, str], connection: Connection, tmp_path: Path
) -> None:
    run(environment, tmp_path / "log", "--count", "2000", "--rate", "20000")
    stored(environment)
    asked = {row[1] for row in tape(connection) if row[0] in ("AAPL", "V")}
    assert exported(environment, tmp_path / "some.csv", "--symbols", "AAPL,V", "--last", "1h") == len(asked)
    lines = (tmp_path / "some.csv").read_text().splitlines()
    assert lines[0].split(",") == [*Trade.__struct_fields__, "kafka_partition", "kafka_offset"]
    assert {each.split(",")[0] for each in lines[1:]} == asked


def test_an_export_of_a_symbol_without_trades_is_refused(environment: dict[str, str], tmp_path: Path) -> None:
    refused = ran(environment, "database.py", "export", str(tmp_path / "none.csv"), "--symbols", "NONE")
    assert refused.returncode == 1
    assert "no trades of NONE are stored" in refused.stderr
    assert not (tmp_path / "none.csv").exists()


def test_an_export_that_cannot_be_written_is_one_line(environment: dict[str, str], tmp_path: Path) -> None:
    for path, code in ((tmp_path / "trades.xls", 2), (tmp_path / "nowhere" / "trades.csv", 1)):
        refused = ran(environment, "database.py", "export", str(path))
        assert refused.returncode == code
        assert refused.stderr.count("\n") == 1
        assert str(path) in refused.stderr


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_a_replay_goes_on_after_a_stop_and_after_a_kill(
    settings: Settings,
    environment: dict[str, str],
    connection: Connection,
    tmp_path: Path,
    end: signal.Signals,
) -> None:
    file = tmp_path / "trades.csv"
    rows = [f"{1_700_000_000 + n / 1000:.3f},S{n % 7},{n % 90 + 1}.25,7,buy,{n:06}" for n in range(8000)]
    file.write_text("\n".join(["time,symbol,price,size,side,id", *rows]) + "\n")
    arguments = ("--source", "replay", "--file", str(file), "--speed", "2")
    with producing(environment, tmp_path / "log", *arguments) as process:
        until(lambda: total(settings) > 2000, TIMEOUT)
        process.send_signal(end)
        assert process.wait(TIMEOUT) == (0 if end == signal.SIGTERM else -9)
    said = run(environment, tmp_path / "again", *arguments[:-1], "max")
    sent = [trade.trade_id for trade in trades(settings)]
    assert set(sent) == {f"{n:06}" for n in range(8000)}
    if end == signal.SIGTERM:
        assert len(sent) == 8000
        assert "goes on after line" in said
    stored(environment)
    assert len(tape(connection)) == 8000


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "which file?"),
        (["--file", "/nowhere/x.csv"], "cannot read trades from /nowhere/x.csv (No such file or directory)"),
        (["--file", "x.csv", "--speed", "0"], "--speed 0: needs how many times the original pace"),
        (["--file", "x.csv", "--loop"], "--loop: the second lap would be the same trades"),
        (["--file", "x.csv", "--columns", "prize=p"], "--columns prize=p: needs FIELD=NAME"),
        (["--file", "x.csv", "--rate", "5"], "--rate: --source replay has no such option"),
    ],
)
def test_what_cannot_be_replayed_is_one_line(tmp_path: Path, arguments: list[str], told: str) -> None:
    log = tmp_path / "log"
    with producing({}, log, "--source", "replay", *arguments) as process:
        assert process.wait(TIMEOUT) in (1, 2)
    (line,) = log.read_text().splitlines()
    assert told in line

"""The page on backups as a reader types it: a dump of a tape that is written, and what follows."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from stockstream.connectors.postgres.connection import Connection, address_of, connect
from stockstream.services.servers.postgres import BIN
from stockstream.settings import PROJECT, Settings
from testkit.invariants import broken
from tests.documented import fenced
from tests.integration.mixed_tape import Line, mixed_tape, produce
from tests.integration.terminals import Terminals
from tests.integration.topics import count, rows
from tests.scripts import ran, running
from tests.waiting import until

COMMANDS = fenced(PROJECT / "docs" / "backup.md")
TAPE = "SELECT trades.* FROM trades ORDER BY kafka_partition, kafka_offset"
LETTERS = "SELECT kafka_partition, kafka_offset, payload, reason FROM dead_letters ORDER BY 1, 2"
CAUGHT_UP = "SELECT count(*) FROM ingest_offsets WHERE job = 'consumer' HAVING sum(next_offset) >= {}"
AT_ONCE = 200


@pytest.fixture
def restored(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings for the database that is restored; PostgreSQL's programs find the server and are found."""
    for name, value in (
        ("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}"),
        ("PGHOST", settings.postgres_host),
        ("PGPORT", str(settings.postgres_port)),
        ("PGUSER", settings.postgres_user),
        ("PGPASSWORD", settings.postgres_password.get_secret_value()),
    ):
        monkeypatch.setenv(name, value)
    name = f"{settings.postgres_db}_restored"
    yield settings.model_copy(update={"postgres_db": name})
    subprocess.run([BIN / "dropdb", "--force", "--if-exists", name], check=True)


def send(settings: Settings, tape: Sequence[Line]) -> None:
    """Send a tape a little at a time."""
    for first in range(0, len(tape), AT_ONCE):
        produce(settings, tape[first : first + AT_ONCE])


def test_a_dump_of_a_tape_that_is_written_is_restored_and_catches_up(
    settings: Settings, restored: Settings, connection: Connection, tmp_path: Path
) -> None:
    environment, there = (dict(os.environ) | each.environment() for each in (settings, restored))
    (tmp_path / "tape").mkdir()
    typed = Typed(Terminals(tmp_path / "tape", there), settings.postgres_db, restored.postgres_db)
    tape = mixed_tape(6_000)
    with (
        ThreadPoolExecutor(1) as pool,
        running(environment, "consumer.py"),
        running(environment, "aggregator.py"),
    ):
        sending = pool.submit(send, settings, tape)
        until(lambda: int(str(count(connection))) > AT_ONCE, timeout=90)
        typed.run("pg_dump")
        assert not sending.done()
        sending.result()
        until(lambda: rows(connection, CAUGHT_UP.format(len(tape) + len(tape) // 100)) != [], timeout=90)
    typed.run("createdb", "pg_restore", "python database.py init")
    with closing(connect(address_of(restored), "test")) as elsewhere:
        dumped = int(str(count(elsewhere)))
        assert 0 < dumped < (whole := int(str(count(connection))))
        consumed = ran(there, "consumer.py", "--exit-when-idle", "1")
        assert f"ended: {whole - dumped:,} trades" in consumed.stderr
        assert ran(there, "aggregator.py", "--exit-when-idle", "1").returncode == 0
        for all_of_them in (TAPE, LETTERS):
            assert rows(elsewhere, all_of_them) == rows(connection, all_of_them)
        assert broken(elsewhere, with_candles=True) == {}
    typed.run("python test_system.py --audit", "python database.py export")


class Typed:
    """The commands of the page, typed where the restored database is set."""

    def __init__(self, terminals: Terminals, dumped: str, restored: str) -> None:
        """Prepare; the names of the page stand for those of the databases."""
        self._terminals = terminals
        self._names = (("stock_market_db", dumped), ("restored_db", restored))

    def run(self, *begins: str) -> None:
        """Run the command of the page that begins with each of these words."""
        for begin in begins:
            (command,) = (each for each in COMMANDS if each.startswith(begin))
            for name, instead in self._names:
                command = command.replace(name, instead)
            self._terminals.run(command)

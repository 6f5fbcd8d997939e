"""The embedded servers are real ones, hold their promises, and leave nothing behind."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from stockstream.connectors.kafka.topic import partition_counts
from stockstream.connectors.postgres.connection import Address, Connection, address_of, connect
from stockstream.connectors.postgres.schema import newest, version
from stockstream.errors import LoginRefusedError
from stockstream.services.servers.postgres import prepare
from stockstream.services.servers.scratch import Scratch
from stockstream.settings import Settings
from tests.fresh import open_folder
from tests.waiting import until


def test_each_test_has_a_migrated_database_and_a_topic(
    settings: Settings, address: Address, connection: Connection
) -> None:
    assert version(connection, address) == newest()
    assert partition_counts(settings.kafka_bootstrap_servers)[settings.kafka_topic] == 4


def test_a_wrong_password_is_refused(address: Address) -> None:
    with pytest.raises(LoginRefusedError):
        connect(replace(address, password="wrong"), "test")  # noqa: S106 - meant to be refused


def test_what_was_stored_outlives_a_crash_of_both_servers(own_servers: Scratch) -> None:
    servers, address = own_servers.settings.kafka_bootstrap_servers, address_of(own_servers.settings)
    with closing(connect(address, "test")) as connection, connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept AS SELECT 1 AS it")
    for server in (own_servers.postgres, own_servers.kafka):
        server.kill()
        server.start()
    with closing(connect(address, "test")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT it FROM kept")
        assert cursor.fetchone() == (1,)
    assert partition_counts(servers) is not None


def test_a_new_login_and_database_hold_from_the_next_start_on(own_servers: Scratch) -> None:
    old = address_of(own_servers.settings)
    new = replace(old, user='o\'brien "x"', password="it's; new\\", database='ne"w')  # noqa: S106 - a test's own
    own_servers.postgres.stop()
    prepare(new, own_servers.settings.data_dir, durable=False)
    own_servers.postgres.start()
    with closing(connect(new, "test")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_database()")
        assert cursor.fetchone() == (new.user, new.database)


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as opened:
        yield opened


def test_servers_end_with_a_process_that_is_killed(folder: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path\n"
        "from stockstream.services.servers.scratch import scratch\n"
        "with scratch(Path(sys.argv[1])) as it:\n"
        "    print(it.kafka.pid, it.postgres.pid, flush=True); time.sleep(600)\n"
    )
    owner = subprocess.Popen([sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout
    pids = [int(pid) for pid in owner.stdout.readline().split()]
    assert all(psutil.pid_exists(pid) for pid in pids)
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    until(lambda: not any(psutil.pid_exists(pid) for pid in pids), timeout=20)

"""./start.sh and ./stop.sh, run as a person runs them, on copies of the project."""

import socket
from collections.abc import Iterator
from contextlib import closing

import psutil
import pytest
from confluent_kafka.admin import AdminClient

from stockstream.connectors.postgres.connection import address_of, connect
from stockstream.errors import RecoverableError
from stockstream.services import ports
from stockstream.services.servers.selection import Postgres
from stockstream.services.supervision.processes import ProcessState
from tests.fresh import open_folder
from tests.project_copy import ProjectCopy
from tests.waiting import until

PARTS = {"kafka", "postgres", "producer", "consumer", "aggregator", "detector", "dashboard"}


@pytest.fixture
def copy() -> Iterator[ProjectCopy]:
    """A copy of the project; whatever it began is ended afterwards."""
    with open_folder() as folder:
        made = ProjectCopy(folder / "a copy")
        yield made
        made.stop()
        assert not made.left()


@pytest.fixture
def other() -> Iterator[ProjectCopy]:
    """A second copy beside the first."""
    with open_folder() as folder:
        made = ProjectCopy(folder / "another copy")
        yield made
        made.stop()
        assert not made.left()


def trades(copy: ProjectCopy) -> int:
    with closing(connect(address_of(copy.settings), "test")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM trades")
        return int((cursor.fetchone() or (0,))[0])


def knows_topic(copy: ProjectCopy, address: str) -> bool:
    """Tell whether a client that takes this address for localhost reaches the broker, and stays there."""
    port = copy.settings.kafka_bootstrap_servers.rpartition(":")[2]
    server = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    found = AdminClient({"bootstrap.servers": server}).list_topics(timeout=5)
    return copy.settings.kafka_topic in found.topics and address in {
        str(broker.host).strip("[]") for broker in found.brokers.values()
    }


def database_answers(copy: ProjectCopy) -> bool:
    try:
        Postgres(copy.settings).check()
    except RecoverableError:
        return False
    return True


def all_back(copy: ProjectCopy, before: dict[str, ProcessState]) -> bool:
    now = copy.processes()
    killed = ("consumer", "kafka", "postgres")
    return all(now[name].state == "running" and now[name].pid != before[name].pid for name in killed)


def test_two_copies_run_side_by_side_and_each_stop_ends_its_own(
    copy: ProjectCopy, other: ProjectCopy
) -> None:
    for done in map(ProjectCopy.start, (copy, other)):
        assert done.returncode == 0, done.stdout + done.stderr
    assert set(copy.processes()) == set(other.processes()) == PARTS
    assert trades(copy) > 0
    for address in ports.addresses("localhost"):
        assert knows_topic(copy, address)
    others = other.pids()
    assert not copy.betrayals()

    before = copy.pids()
    again = copy.start()
    assert again.returncode == 0, again.stderr
    assert copy.pids() == before

    stopped = copy.stop("--wipe")
    assert stopped.returncode == 0, stopped.stderr
    assert "deleted" in stopped.stdout
    assert not copy.left()
    assert not copy.taken_ports()
    assert not copy.settings.data_dir.exists()
    assert other.pids() == others


def test_what_is_killed_comes_back_and_what_is_orphaned_is_found(copy: ProjectCopy) -> None:
    first = copy.start()
    assert first.returncode == 0, first.stdout + first.stderr

    before = copy.processes()
    for name in ("consumer", "kafka", "postgres"):
        psutil.Process(before[name].pid).kill()
    until(lambda: all_back(copy, before), timeout=10)

    until(lambda: database_answers(copy))
    stored = trades(copy)
    copy.supervisor().kill()
    again = copy.start()
    assert again.returncode == 0, again.stdout + again.stderr
    assert "without their supervisor" in again.stdout
    assert trades(copy) >= stored

    copy.supervisor().kill()
    stopped = copy.stop()
    assert stopped.returncode == 0, stopped.stderr
    assert not copy.left()
    assert not copy.taken_ports()
    nothing = copy.stop()
    assert (nothing.returncode, nothing.stdout.split(maxsplit=1)[1].strip()) == (0, "nothing runs")


@pytest.mark.parametrize("setting", ["KAFKA_BOOTSTRAP_SERVERS", "POSTGRES_PORT", "DASHBOARD_PORT"])
def test_a_port_that_another_program_holds_is_one_line_and_nothing_is_begun(
    copy: ProjectCopy, setting: str
) -> None:
    port = int(str(getattr(copy.settings, setting.lower())).rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)):
        done = copy.start()
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert f"port {port}" in done.stderr
    assert setting in done.stderr
    assert not copy.left()
    assert not (copy.settings.data_dir / "kafka").exists()

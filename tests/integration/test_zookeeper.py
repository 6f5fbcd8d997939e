"""The whole system on a Kafka that keeps its metadata in ZooKeeper, killed in the middle of its work."""

from collections.abc import Iterator
from contextlib import closing, suppress

import psutil
import pytest

from stockstream.connectors.postgres.connection import address_of, connect
from tests.fresh import environment_of, open_folder
from tests.project_copy import ProjectCopy
from tests.scripts import ran, running
from tests.waiting import until

COUNT = 5_000
COUNTED = "SELECT count(*), count(DISTINCT trade_id) FROM trades WHERE symbol IN ('ONE', 'TWO')"
SUMMED = "SELECT coalesce(sum(trade_count), 0) FROM stock_metrics WHERE symbol IN ('ONE', 'TWO')"
PRODUCER = ("producer.py", "--symbols", "ONE,TWO", "--rate", "1000", "--count", str(COUNT))
KILLED = ("zookeeper", "kafka")


@pytest.fixture
def copy() -> Iterator[ProjectCopy]:
    """A copy of the project; whatever it began is ended afterwards."""
    with open_folder() as folder:
        made = ProjectCopy(folder / "a copy", "zookeeper")
        yield made
        made.stop()
        assert not made.left()


def asked(copy: ProjectCopy, question: str) -> tuple[int, ...]:
    with closing(connect(address_of(copy.settings), "test")) as connection, connection.cursor() as cursor:
        cursor.execute(question)
        return tuple(int(each) for each in cursor.fetchone() or ())


def is_back(copy: ProjectCopy, before: dict[str, int]) -> bool:
    now = copy.processes()
    return all(now[name].state == "running" and now[name].pid != before[name] for name in KILLED)


@pytest.mark.timeout(1800)
def test_a_system_on_zookeeper_keeps_each_trade_once_through_kills_and_leaves_nothing(
    copy: ProjectCopy,
) -> None:
    begun = copy.start()
    assert begun.returncode == 0, begun.stdout + begun.stderr
    assert f"ZooKeeper   127.0.0.1:{copy.settings.zookeeper_port} (embedded)" in begun.stdout
    assert not copy.betrayals()
    environment = environment_of(copy.settings) | {"METRICS_PORT": "0"}

    with running(environment, *PRODUCER) as producer:
        until(lambda: asked(copy, COUNTED)[0] > COUNT / 10, timeout=30)
        before = copy.pids()
        for name in KILLED:
            psutil.Process(before[name]).kill()
        until(lambda: is_back(copy, before), timeout=30)
        assert producer.wait(60) == 0
    until(lambda: asked(copy, COUNTED) == (COUNT, COUNT), timeout=30)
    until(lambda: asked(copy, SUMMED) == (COUNT,), timeout=30)
    # What has just been brought back is told for ten seconds.
    with suppress(AssertionError):
        until(lambda: ran(environment, "test_system.py").returncode == 0, timeout=20)
    told = ran(environment, "test_system.py")
    assert told.returncode == 0, told.stdout
    # Trades go on meanwhile, and a minute's first may be in the tape a moment before its candle.
    until(lambda: "ok       5 candles equal SQL" in ran(environment, "test_system.py", "--audit").stdout, 60)
    audit = ran(environment, "test_system.py", "--audit")
    assert audit.returncode == 0, audit.stdout

    assert copy.stop().returncode == 0
    assert not copy.left()
    copy.settings = copy.settings.model_copy(update={"kafka_metadata": "kraft"})
    mixed = copy.start()
    assert (mixed.returncode, len(mixed.stderr.splitlines())) == (1, 1), mixed.stderr
    assert "KAFKA_METADATA=zookeeper" in mixed.stderr
    assert copy.stop("--wipe").returncode == 0
    assert not copy.settings.data_dir.exists()
    assert not copy.taken_ports()


def test_a_zookeeper_that_is_away_is_told(copy: ProjectCopy) -> None:
    told = ran(environment_of(copy.settings), "test_system.py").stdout.splitlines()[0]
    assert told.startswith("failed   zookeeper")
    assert f"127.0.0.1:{copy.settings.zookeeper_port}" in told

"""A cluster of three brokers on loopback: any of them is killed under load, then another is restarted.

There are three replicas of everything, of which two must be in sync: nothing waits for one missing broker.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from confluent_kafka.admin import AdminClient

from stockstream.services import ports
from stockstream.services.servers import kafka
from stockstream.services.servers.readiness import await_kafka
from stockstream.services.servers.scratch import Scratch, ScratchServer
from testkit.judgement import Judgement
from tests.faults.conftest import scene_of
from tests.faults.results import Result
from tests.faults.scene import Scene
from tests.fresh import fresh, open_folder
from tests.waiting import until

BROKERS = 3
SENT = 40_000
TIMEOUT = 60.0
pytestmark = pytest.mark.timeout(1800)


@dataclass(frozen=True)
class Cluster:
    """The brokers, in the order of the bootstrap servers."""

    servers: str
    brokers: list[ScratchServer]

    def in_sync(self, topic: str) -> set[int]:
        """Return the numbers of in-sync replicas that the topic's partitions have."""
        admin = AdminClient({"bootstrap.servers": self.servers, "log_level": 0})
        partitions = admin.list_topics(topic, timeout=10).topics[topic].partitions
        return {len(each.isrs) for each in partitions.values()}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Three brokers; each test leaves all of them running."""
    with open_folder() as folder, running(folder) as made:
        yield made


@contextmanager
def running(folder: Path) -> Iterator[Cluster]:
    """Start three brokers, and kill them when the block ends."""
    listeners = [ports.free_port() for _ in range(BROKERS)]
    programs = kafka.prepare_cluster(listeners, folder)
    brokers = [
        ScratchServer(program, folder / f"{port}.log", _awaiting(port))
        for program, port in zip(programs, listeners, strict=True)
    ]
    made = Cluster(",".join(f"127.0.0.1:{port}" for port in listeners), brokers)
    try:
        # None of them answers before two are up to elect a leader.
        with ThreadPoolExecutor() as pool:
            list(pool.map(ScratchServer.start, brokers))
        yield made
    finally:
        with ThreadPoolExecutor() as pool:
            list(pool.map(ScratchServer.kill, brokers))


def _awaiting(port: int) -> Callable[[Callable[[], bool], Path], None]:
    return lambda *rest: await_kafka(f"127.0.0.1:{port}", *rest)


@pytest.fixture
def clustered(
    cluster: Cluster, servers: Scratch, tmp_path: Path, random: Random, result: Result
) -> Iterator[Scene]:
    """A scene whose topic has three replicas."""
    base = servers.settings.model_copy(update={"kafka_bootstrap_servers": cluster.servers})
    with fresh(base, tmp_path) as settings, scene_of(settings, tmp_path, random, result) as made:
        yield made


def test_any_broker_dies_and_another_is_restarted(cluster: Cluster, clustered: Scene) -> None:
    topic = clustered.settings.kafka_topic
    members = [clustered.begin(), clustered.consumer(), clustered.aggregator()]
    assert cluster.in_sync(topic) == {BROKERS}
    dead, restarted = clustered.random.sample(cluster.brokers, 2)
    dead.kill()
    clustered.recover()
    dead.start()
    until(lambda: cluster.in_sync(topic) == {BROKERS}, TIMEOUT)
    restarted.stop()
    restarted.start()
    clustered.recover()
    until(lambda: cluster.in_sync(topic) == {BROKERS}, TIMEOUT)
    clustered.end()
    assert [member.process.returncode for member in members] == [0, 0, 0]


def test_the_producer_loses_nothing_while_brokers_come_and_go(cluster: Cluster, clustered: Scene) -> None:
    clustered.consumer()
    producer = clustered.crew.start("producer.py", "--rate", "2000", "--count", str(SENT))
    clustered.await_flow()
    for broker in clustered.random.sample(cluster.brokers, 2):
        broker.kill()
        broker.start()
        until(lambda: cluster.in_sync(clustered.settings.kafka_topic) == {BROKERS}, TIMEOUT)
    until(lambda: not producer.is_running, TIMEOUT)
    assert producer.process.returncode == 0, producer.said
    until(lambda: sum(clustered.offsets().values()) == SENT, TIMEOUT)
    with clustered.connected() as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(DISTINCT (source, symbol, trade_id)), (SELECT count(*) FROM dead_letters)"
            " FROM trades"
        )
        stored, unlike, buried = cursor.fetchone() or (0, 0, 0)
    # The producer chooses its own ids, so they are counted, not compared with a ledger.
    judgement = Judgement(max(SENT - unlike, 0), stored - unlike, max(unlike - SENT, 0), buried)
    clustered.result.judgement = judgement
    assert judgement.is_clean

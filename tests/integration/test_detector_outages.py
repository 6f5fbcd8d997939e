"""A watch outlives its servers: it waits, says so in a line, and misses and doubles nothing."""

from contextlib import closing
from pathlib import Path

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from stockstream.connectors.kafka.topic import ends
from stockstream.connectors.models.registry import ModelStore
from stockstream.connectors.postgres.connection import Connection, address_of, connect
from stockstream.services.servers.scratch import Scratch
from stockstream.settings import Settings
from tests.detections import Environment, examined, found_in_one_go, keys, produce, store, written
from tests.fresh import environment_of, fresh
from tests.scripts import ran, running
from tests.waiting import until

BATCH = 6_000


def test_a_crash_of_either_server_costs_no_finding_and_doubles_none(
    own_servers: Scratch, tmp_path: Path
) -> None:
    with fresh(own_servers.settings, tmp_path) as settings:
        environment, address = environment_of(settings), address_of(settings)

        def has_examined(messages: int) -> bool:
            with closing(connect(address, "test")) as connection:
                return examined(connection) == messages

        produce(environment, BATCH, seed=1)
        with running(environment, "anomaly_detector.py", "watch") as watch:
            until(lambda: has_examined(BATCH), timeout=40)
            own_servers.postgres.kill()
            produce(environment, BATCH, seed=2)
            own_servers.postgres.start()
            until(lambda: has_examined(2 * BATCH), timeout=40)
            own_servers.kafka.kill()
            own_servers.kafka.start()
            produce(environment, BATCH, seed=3)
            # A member that the group believes to be joining is waited for as long as 45 s.
            until(lambda: has_examined(3 * BATCH), timeout=150)
            watch.terminate()
            assert watch.wait(timeout=60) == 0
            said = watch.stderr.read() if watch.stderr else ""
        store(environment)
        with closing(connect(address, "test")) as connection:
            once = written(connection)
            assert len(once) == len(set(once)) > 0
            assert set(once) == keys(found_in_one_go(connection, ModelStore(settings.models_dir)))
        assert f"cannot reach PostgreSQL at {settings.postgres_host}:{settings.postgres_port}" in said
        assert "Traceback" not in said


def test_two_watches_share_the_topic_and_one_takes_over_from_the_other(
    environment: Environment, connection: Connection, settings: Settings
) -> None:
    produce(environment, BATCH, seed=1)
    with (
        running(environment, "anomaly_detector.py", "watch") as first,
        running(environment, "anomaly_detector.py", "watch") as second,
    ):
        until(lambda: examined(connection) == BATCH, timeout=60)
        produce(environment, BATCH, seed=2)
        until(lambda: examined(connection) == 2 * BATCH, timeout=60)
        first.kill()
        produce(environment, BATCH, seed=3)
        until(lambda: examined(connection) == 3 * BATCH, timeout=60)
        second.terminate()
        assert second.wait(timeout=60) == 0
    once = written(connection)
    store(environment)
    assert len(once) == len(set(once)) > 0
    assert set(once) == keys(found_in_one_go(connection, ModelStore(settings.models_dir)))


def test_trades_that_the_topic_has_dropped_are_told_and_passed_over(
    environment: Environment, connection: Connection, settings: Settings
) -> None:
    produce(environment, BATCH, seed=1)
    servers, topic = settings.kafka_bootstrap_servers, settings.kafka_topic
    ended = ends(servers, topic)
    dropped = [TopicPartition(topic, partition, end // 2) for partition, end in ended.items() if end > 1]
    admin = AdminClient({"bootstrap.servers": servers})
    for future in admin.delete_records(dropped).values():
        future.result(timeout=60)
    watched = ran(environment, "anomaly_detector.py", "watch", "--exit-when-idle", "1")
    assert watched.returncode == 0, watched.stderr
    assert watched.stderr.count("have gone from the topic unread") == sum(end > 1 for end in ended.values())
    assert examined(connection) == BATCH

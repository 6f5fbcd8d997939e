"""The servers crash, stop and stay down: the consumer waits, and continues by itself."""

import os
import signal

from confluent_kafka.admin import AdminClient

from stockstream.connectors.kafka.groups import group_of
from stockstream.services.servers.scratch import Scratch
from tests.faults.conftest import IS_LONG
from tests.faults.scene import Scene
from tests.waiting import until

OUTAGE = 60 if IS_LONG else 8


def test_kill_9_of_kafka(fragile_servers: Scratch, fragile_scene: Scene) -> None:
    consumer = fragile_scene.begin()
    fragile_scene.linger(0.2, 1.0)
    fragile_servers.kafka.kill()
    fragile_servers.kafka.start()
    fragile_scene.recover()
    fragile_scene.end()
    assert consumer.process.returncode == 0


def test_immediate_stop_of_postgresql(fragile_servers: Scratch, fragile_scene: Scene) -> None:
    consumer = fragile_scene.begin()
    fragile_scene.aggregator()
    fragile_scene.linger(0.2, 1.0)
    os.kill(fragile_servers.postgres.pid, signal.SIGQUIT)
    until(lambda: not fragile_servers.postgres.pid)
    fragile_servers.postgres.stop()
    fragile_servers.postgres.start()
    fragile_scene.recover()
    fragile_scene.end()
    assert consumer.process.returncode == 0


def test_an_outage_of_postgresql(fragile_servers: Scratch, fragile_scene: Scene) -> None:
    consumer = fragile_scene.begin()
    member = _members(fragile_scene)
    fragile_scene.linger(0.2, 1.0)
    fragile_servers.postgres.kill()
    fragile_scene.linger(OUTAGE, OUTAGE + 1)
    assert _members(fragile_scene) == member, "the group has lost its member"
    fragile_servers.postgres.start()
    fragile_scene.recover()
    fragile_scene.end()
    assert "cannot reach PostgreSQL" in consumer.said


def _members(scene: Scene) -> set[str]:
    admin = AdminClient({"bootstrap.servers": scene.settings.kafka_bootstrap_servers})
    group = group_of("consumer", scene.settings)
    described = admin.describe_consumer_groups([group])[group].result(10)
    return {member.member_id for member in described.members}

"""What waiting cannot mend ends a job at once, in one line that says what to do."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclBinding, AclOperation, AclPermissionType
from confluent_kafka.admin._resource import ResourcePatternType, ResourceType

from stockstream.connectors.kafka.topic import ensure_topic
from stockstream.services import ports
from stockstream.services.servers import kafka
from stockstream.services.servers.readiness import await_kafka
from stockstream.services.servers.scratch import ScratchServer
from tests.fresh import open_folder
from tests.scripts import ran

# Everyone may do everything, but for what an ACL says.
AUTHORIZER = """
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=true
"""
TOPIC, USER = "guarded", "User:ANONYMOUS"


@pytest.fixture
def guarded() -> Iterator[str]:
    """A broker with a topic that nobody may read."""
    with open_folder() as folder:
        servers = f"127.0.0.1:{ports.free_port()}"
        broker = guarded_broker(servers, folder)
        try:
            broker.start()
            ensure_topic(servers, TOPIC, 1)
            forbid_reading(servers)
            yield servers
        finally:
            broker.stop()


def guarded_broker(servers: str, folder: Path) -> ScratchServer:
    """Return a broker that holds to ACLs."""
    program = kafka.prepare(servers, folder)
    with (folder / "kafka.properties").open("a", encoding="utf-8") as properties:
        properties.write(AUTHORIZER)
    return ScratchServer(program, folder / "kafka.log", lambda *rest: await_kafka(servers, *rest))


def forbid_reading(servers: str) -> None:
    """Let everyone do everything with the topic but read it."""
    rules = [(AclOperation.ALL, AclPermissionType.ALLOW), (AclOperation.READ, AclPermissionType.DENY)]
    bindings = [
        AclBinding(ResourceType.TOPIC, TOPIC, ResourcePatternType.LITERAL, USER, "*", operation, permission)
        for operation, permission in rules
    ]
    admin = AdminClient({"bootstrap.servers": servers})
    for done in admin.create_acls(bindings).values():
        done.result(30)


@pytest.mark.parametrize("job", ["consumer.py", "aggregator.py", "producer.py"])
def test_a_topic_that_kafka_cannot_name_ends_a_job(environment: dict[str, str], job: str) -> None:
    ended = ran(environment | {"KAFKA_TOPIC": ".."}, job)
    (line,) = ended.stderr.splitlines()
    assert ended.returncode == 1
    assert " refuses this (" in line
    assert line.endswith("; check KAFKA_TOPIC and KAFKA_PARTITIONS")


def test_a_topic_that_may_not_be_read_ends_a_job(guarded: str, environment: dict[str, str]) -> None:
    own = environment | {"KAFKA_BOOTSTRAP_SERVERS": guarded, "KAFKA_TOPIC": TOPIC}
    for job in (["consumer.py"], ["aggregator.py"], ["anomaly_detector.py", "watch"]):
        ended = ran(own, *job)
        assert ended.returncode == 1
        assert "Traceback" not in ended.stderr
        line = ended.stderr.splitlines()[-1]
        assert f"Kafka at {guarded} refuses this (" in line
        assert "Topic authorization failed" in line
        assert "grant this right" in line
        assert "cannot reach" not in ended.stderr

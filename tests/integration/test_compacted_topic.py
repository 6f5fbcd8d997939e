"""A topic that Kafka has compacted: what is left is stored, what is gone is counted."""

from collections.abc import Iterator

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType

from stockstream.connectors.kafka.tail import values_between
from stockstream.connectors.kafka.topic import bounds, ends
from stockstream.connectors.postgres.connection import Connection
from stockstream.settings import Settings
from tests.integration.tapes import trade_message
from tests.integration.topics import rows
from tests.scripts import ran
from tests.waiting import until

COUNT, KEYS = 10, 2
BROKER = "1"
QUICKLY = {"log.cleaner.backoff.ms": "100"}  # 15 s by default
COMPACTED = {
    "cleanup.policy": "compact",
    "segment.ms": "100",
    "min.cleanable.dirty.ratio": "0",
    "max.compaction.lag.ms": "1",
}


def configure(settings: Settings, kind: ResourceType, name: str, entries: dict[str, str | None]) -> None:
    """Set what Kafka is to do, or, by None, leave it to its default again."""
    changes = [
        ConfigEntry(
            key,
            value,
            incremental_operation=AlterConfigOpType.SET if value else AlterConfigOpType.DELETE,
        )
        for key, value in entries.items()
    ]
    admin = AdminClient({"bootstrap.servers": settings.kafka_bootstrap_servers})
    resource = ConfigResource(kind, name, incremental_configs=changes)
    for done in admin.incremental_alter_configs([resource]).values():
        done.result(30)


@pytest.fixture
def compacting(settings: Settings) -> Iterator[None]:
    """Have Kafka compact the topic of the test within seconds."""
    configure(settings, ResourceType.BROKER, BROKER, {**QUICKLY})
    configure(settings, ResourceType.TOPIC, settings.kafka_topic, {**COMPACTED})
    yield
    configure(settings, ResourceType.BROKER, BROKER, dict.fromkeys(QUICKLY))


def send(settings: Settings, *numbers: int, key: str) -> None:
    """Send trades to partition 0 by one key."""
    producer = Producer({"bootstrap.servers": settings.kafka_bootstrap_servers})
    for number in numbers:
        producer.produce(settings.kafka_topic, trade_message(number), key.encode(), partition=0)
    assert producer.flush(30) == 0


def left(settings: Settings) -> int:
    """Send one more message, which ends a segment that is old enough, and count those that are left."""
    servers, topic = settings.kafka_bootstrap_servers, settings.kafka_topic
    send(settings, 100 + ends(servers, topic)[0], key="more")
    return sum(1 for _ in values_between(servers, topic, bounds(servers, topic)))


@pytest.mark.usefixtures("compacting")
def test_what_compaction_has_removed_is_counted(
    settings: Settings, environment: dict[str, str], connection: Connection
) -> None:
    for number in range(COUNT):
        send(settings, number, key=f"key {number % KEYS}")
    until(lambda: left(settings) < COUNT, timeout=60)
    for job in ("consumer.py", "aggregator.py"):
        ended = ran(environment, job, "--exit-when-idle", "1")
        assert ended.returncode == 0, ended.stderr
    end = ends(settings.kafka_bootstrap_servers, settings.kafka_topic)[0]
    stored = rows(connection, "SELECT trade_id FROM trades WHERE trade_id::integer < 100 ORDER BY 1")
    assert stored == [(str(COUNT - 2),), (str(COUNT - 1),)]
    found = """
        SELECT next_offset, absent + (SELECT count(*) FROM trades) FROM ingest_offsets
        WHERE job = 'consumer' AND kafka_partition = 0
    """
    assert rows(connection, found) == [(end, end)]
    audited = ran(environment, "test_system.py", "--audit")
    assert audited.returncode == 0, audited.stdout
    assert "offsets without a message" in audited.stdout

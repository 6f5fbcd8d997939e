"""A topic of a test, to be filled, shortened, and recreated."""

from collections.abc import Iterable

from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from stockstream.connectors.kafka.topic import ensure_topic, partition_counts
from stockstream.connectors.postgres.connection import Connection
from stockstream.settings import Settings
from tests.integration.tapes import trade_message
from tests.waiting import until


def rows(connection: Connection, sql: str) -> list[tuple[object, ...]]:
    """Return what a query finds now."""
    with connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def count(connection: Connection) -> object:
    """Return how many trades are stored."""
    return rows(connection, "SELECT count(*) FROM trades")[0][0]


def produce(settings: Settings, numbers: Iterable[int], partition: int = 0) -> None:
    """Send the trades with these numbers to one partition."""
    producer = Producer({"bootstrap.servers": settings.kafka_bootstrap_servers})
    for number in numbers:
        producer.produce(settings.kafka_topic, trade_message(number), partition=partition)
    assert producer.flush(30) == 0


def drop_below(settings: Settings, offset: int, partition: int = 0) -> None:
    """Delete a partition's oldest messages, as retention does."""
    admin = AdminClient({"bootstrap.servers": settings.kafka_bootstrap_servers})
    for done in admin.delete_records([TopicPartition(settings.kafka_topic, partition, offset)]).values():
        done.result(30)


def delete(settings: Settings) -> None:
    """Delete the topic."""
    servers, topic = settings.kafka_bootstrap_servers, settings.kafka_topic
    admin = AdminClient({"bootstrap.servers": servers})
    admin.delete_topics([topic])[topic].result(30)
    until(lambda: topic not in partition_counts(servers), timeout=30)


def make_anew(settings: Settings) -> None:
    """Delete the topic and make another of its name."""
    delete(settings)
    ensure_topic(settings.kafka_bootstrap_servers, settings.kafka_topic, settings.kafka_partitions)

"""The names of the consumer groups, whose members share a topic's partitions."""

from stockstream.settings import Settings


def group_of(job: str, settings: Settings) -> str:
    """Return the group of a job: its members fill the same tables from the same topic.

    Two systems that read one topic into databases of different names must not share its partitions.
    """
    return f"stockstream-{job}.{settings.kafka_topic}.{settings.postgres_db}"

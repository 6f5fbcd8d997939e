"""Where Kafka keeps its metadata, in itself or in ZooKeeper: the data of the two are incompatible."""

from pathlib import Path

from stockstream.errors import ServiceError
from stockstream.settings import Settings

# The folders of each kind of Kafka in DATA_DIR.
DATA = {"kraft": "kafka", "zookeeper": "kafka-zookeeper"}


def require_unmixed(settings: Settings) -> None:
    """Raise ServiceError if DATA_DIR holds the data of a Kafka of the other kind.

    Nothing would be overwritten, but the committed offsets in the database belong to the topics of that
    Kafka.
    """
    folder: Path = settings.data_dir.resolve()
    for kind, name in DATA.items():
        if kind != settings.kafka_metadata and (folder / name).exists():
            raise ServiceError(
                what=f"DATA_DIR={folder} holds the data of a Kafka with KAFKA_METADATA={kind}: set that, "
                "or another DATA_DIR; docs/zookeeper.md tells how to move"
            )

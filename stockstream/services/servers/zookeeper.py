"""An embedded Apache ZooKeeper and the last Kafka that supports it, on the loopback interface only.

For sites that still use ZooKeeper: `KAFKA_METADATA=zookeeper`. Both come from one lock file, with the version
of ZooKeeper that Kafka 3.9 depends on. Their data is stored beside that of a Kafka without ZooKeeper, which
cannot read it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from stockstream.errors import ServiceError
from stockstream.services import ports
from stockstream.services.servers.jvm import java
from stockstream.services.servers.program import Program

HERE = Path(str(files(__package__)))
LOCK = HERE / "kafka_zookeeper.lock.toml"
LOGGING = f"-Dlog4j.configuration={(HERE / 'log4j.properties').as_uri()}"
# Kilobytes that are allocated at once for a transaction log; 64 MB by default.
ROOM = "-Dzookeeper.preAllocSize=4096"


def prepare(port: int, folder: Path) -> Program:
    """Write ZooKeeper's configuration, and return the program that serves it.

    Args:
        port: its port on 127.0.0.1.
        folder: where `zookeeper/` (data) and `zookeeper.properties` go.

    Raises:
        ServiceError: the archives cannot be downloaded, or the folder cannot be written.
    """
    data, properties = folder / "zookeeper", folder / "zookeeper.properties"
    with _told("ZooKeeper", folder):
        start = java.command(LOCK, folder, "-Xmx128m", ROOM, LOGGING)
        data.mkdir(parents=True, exist_ok=True)
        properties.write_text(_template("zookeeper.properties").format(data=data.name, port=port), "utf-8")
    command = (*start, "org.apache.zookeeper.server.quorum.QuorumPeerMain", properties.name)
    return Program("zookeeper", command, folder, java.ENVIRONMENT, part="base")


def prepare_kafka(servers: str, port: int, folder: Path) -> Program:
    """Write the configuration of the Kafka that uses it, and return the program that serves it.

    Args:
        servers: KAFKA_BOOTSTRAP_SERVERS; its first entry says where to listen.
        port: the port of ZooKeeper.
        folder: where `kafka-zookeeper/` (data) and `kafka-zookeeper.properties` go.

    Raises:
        ServiceError: as `prepare` does.
    """
    data, properties = folder / "kafka-zookeeper", folder / "kafka-zookeeper.properties"
    with _told("Kafka", folder):
        start = java.command(LOCK, folder, "-Xmx512m", LOGGING)
        data.mkdir(parents=True, exist_ok=True)
        properties.write_text(_broker(servers, port, data), "utf-8")
    command = (*start, "kafka.Kafka", properties.name)
    return Program("kafka", command, folder, java.ENVIRONMENT, timeout=30, part="server")


def _broker(servers: str, port: int, data: Path) -> str:
    host, _, own = servers.partition(",")[0].rpartition(":")
    names = ports.listeners(host, int(own))
    return _template("server.zookeeper.properties").format(
        zookeeper_port=port,
        listeners=",".join(f"{name}://{place}" for name, place in names.items()),
        protocols=",".join(f"{name}:PLAINTEXT" for name in names),
        data=data.name,
    )


def _template(name: str) -> str:
    return (HERE / name).read_text("utf-8")


@contextmanager
def _told(whose: str, folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise ServiceError(
            what=f"cannot write {whose}'s data to {folder} ({exc.strerror}); make room or set DATA_DIR"
        ) from exc

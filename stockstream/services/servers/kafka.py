"""An embedded Apache Kafka: processes in KRaft mode, on the loopback interface only.

One broker serves this machine; several form a small cluster, in which any of them may fail.
"""

import os
import re
import secrets
import shutil
import subprocess
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from tempfile import mkdtemp

from stockstream.errors import ServiceError
from stockstream.services import ports
from stockstream.services.servers.jvm import java
from stockstream.services.servers.program import Program

HERE = Path(str(files(__package__)))
LOCK = HERE / "kafka.lock.toml"
HEAP = "-Xmx512m"
LOGGING = f"-Dlog4j2.configurationFile={(HERE / 'log4j2.xml').as_uri()}"
# The maximum replication factor in a cluster.
COPIES = 3


@dataclass(frozen=True)
class Node:
    """A broker with its controller.

    Attributes:
        number: its node.id.
        host: the host under which clients reach it.
        port: the port under which clients reach it.
        controllers: the port of each node's controller, by node.id.
    """

    number: int
    host: str
    port: int
    controllers: Mapping[int, int]

    def properties(self, data: Path) -> str:
        """Return its configuration, with its data in `data`, relative to the folder it runs in.

        Absolute paths in a properties file would need escapes for non-ASCII characters, and cannot contain a
        comma.
        """
        named = ports.listeners(self.host, self.port)
        copies = min(COPIES, len(self.controllers))
        return (
            (HERE / "server.properties")
            .read_text("utf-8")
            .format(
                node=self.number,
                controller_port=self.controllers[self.number],
                voters=",".join(f"{number}@127.0.0.1:{port}" for number, port in self.controllers.items()),
                listeners=",".join(f"{name}://{place}" for name, place in named.items()),
                protocols=",".join(f"{name}:PLAINTEXT" for name in named),
                copies=copies,
                # One replica may be unavailable.
                insync=max(copies - 1, 1),
                data=data.name,
            )
        )


def prepare(servers: str, folder: Path) -> Program:
    """Create the data folder if it is missing, and return the program that serves it.

    Order of effects: the archives are downloaded and verified, then the folder is formatted under a temporary
    name and moved into place; so an existing folder is complete.

    Args:
        servers: KAFKA_BOOTSTRAP_SERVERS; its first entry says where to listen.
        folder: where `kafka/` (data) and `kafka.properties` go.

    Raises:
        ServiceError: the archives cannot be downloaded, or the folder cannot be written.
    """
    host, _, port = servers.partition(",")[0].rpartition(":")
    with _told(folder):
        node = Node(1, host, int(port), {1: _controller_port(folder / "kafka.properties")})
        return _prepared(java.command(LOCK, folder, HEAP, LOGGING), node, folder, _cluster_id())


def prepare_cluster(brokers: Sequence[int], folder: Path) -> list[Program]:
    """Return the programs of a local cluster, one broker per port, each with its own data.

    Raises:
        ServiceError: as `prepare` does.
    """
    with _told(folder):
        start, cluster = java.command(LOCK, folder, HEAP, LOGGING), _cluster_id()
        controllers = {number: ports.free_port() for number in range(1, len(brokers) + 1)}
        return [
            _prepared(start, Node(number, "127.0.0.1", port, controllers), folder / f"node{number}", cluster)
            for number, port in enumerate(brokers, 1)
        ]


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise ServiceError(
            what=f"cannot write Kafka's data to {folder} ({exc.strerror}); make room or set DATA_DIR"
        ) from exc


def _prepared(start: list[str], node: Node, folder: Path, cluster: str) -> Program:
    data = folder / "kafka"
    properties = folder / "kafka.properties"
    folder.mkdir(parents=True, exist_ok=True)
    if not data.exists():
        _make(start, node, data, cluster)
    properties.write_text(node.properties(data), "utf-8")
    command = (*start, "kafka.Kafka", properties.name)
    return Program("kafka", command, folder, java.ENVIRONMENT, timeout=30, part="server")


def _controller_port(properties: Path) -> int:
    """Return the previously chosen port, unless another program has taken it in the meantime."""
    with suppress(FileNotFoundError):
        found = re.search(r"CONTROLLER://127\.0\.0\.1:(\d+)", properties.read_text("utf-8"))
        if found and not ports.is_taken(int(found[1])):
            return int(found[1])
    return ports.free_port()


def _make(start: list[str], node: Node, data: Path, cluster: str) -> None:
    for leftover in data.parent.glob("kafka.new-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    new = Path(mkdtemp(prefix="kafka.new-", dir=data.parent))
    config = data.parent / "kafka.new.properties"
    try:
        config.write_text(node.properties(new), "utf-8")
        _format(start, config, cluster)
        new.rename(data)
    finally:
        config.unlink(missing_ok=True)
        shutil.rmtree(new, ignore_errors=True)


def _format(start: list[str], config: Path, cluster: str) -> None:
    command = [*start, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", config.name]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=config.parent,
        env=os.environ | java.ENVIRONMENT,
    )
    if done.returncode:
        reason = next((line for line in done.stderr.splitlines() if "rror" in line or "xception" in line), "")
        raise ServiceError(what=f"cannot format a data folder for Kafka in {config.parent} ({reason})")


def _cluster_id() -> str:
    # 128 random bits in Kafka's encoding; the zero byte keeps the text from starting like an option.
    return urlsafe_b64encode(b"\0" + secrets.token_bytes(15)).decode().rstrip("=")

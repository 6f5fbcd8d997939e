"""The ZooKeeper server that an embedded Kafka 3.9 needs."""

from pathlib import Path

from stockstream.connectors.zookeeper import require_answer
from stockstream.services.servers import zookeeper
from stockstream.services.servers.program import Program
from stockstream.services.servers.selection import Server
from stockstream.settings import Settings


class ZooKeeper(Server):
    """A local server for the embedded Kafka only: a foreign one has other brokers in it."""

    name, title, setting = "zookeeper", "ZooKeeper", "ZOOKEEPER_PORT"
    safely = None

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.host, self.port = "127.0.0.1", settings.zookeeper_port

    def check(self) -> None:
        """Raise ZooKeeperUnreachableError unless it answers and is healthy."""
        require_answer(self.port)

    def prepared(self, folder: Path) -> Program:
        """Return its program."""
        return zookeeper.prepare(self.port, folder)

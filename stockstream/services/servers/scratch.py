"""Temporary servers for a test or a benchmark: real ones, on free ports, removed afterwards."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from stockstream.connectors.postgres.connection import address_of
from stockstream.services import ports
from stockstream.services.servers import kafka, postgres
from stockstream.services.servers.program import Program
from stockstream.services.servers.readiness import await_kafka, await_postgres
from stockstream.services.supervision.process_guard import ProcessGuard
from stockstream.settings import Settings


@dataclass
class ScratchServer:
    """A server that can be crashed and restarted."""

    program: Program
    log: Path
    _await: Callable[[Callable[[], bool], Path], None]
    _guard: ProcessGuard | None = field(default=None, init=False)

    @property
    def pid(self) -> int:
        """Its process id; 0 while it does not run."""
        return self._guard.pid if self._guard and self._guard.is_alive() else 0

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self._guard = ProcessGuard(self.program, self.log)
        self._await(self._guard.is_alive, self.log)

    def kill(self) -> None:
        """End the server as a crash does (kill -9)."""
        if self._guard:
            self._guard.kill()

    def stop(self) -> None:
        """Shut the server down properly."""
        if self._guard:
            self._guard.end()


@dataclass(frozen=True)
class Scratch:
    """Both servers, and the settings that refer to them."""

    settings: Settings
    kafka: ScratchServer
    postgres: ScratchServer

    def stop(self) -> None:
        """Stop both servers."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(ScratchServer.stop, (self.kafka, self.postgres)))


@contextmanager
def scratch_servers(folder: Path) -> Iterator[Settings]:
    """Start Kafka and PostgreSQL in `folder` and yield the settings that refer to them.

    They end with the block, and with this process, however it ends.

    Raises:
        ServiceError: one of them does not come up.
    """
    with scratch(folder) as servers:
        yield servers.settings


@contextmanager
def scratch(folder: Path, *, durable: bool = False) -> Iterator[Scratch]:
    """Start Kafka and PostgreSQL in `folder`, as objects that a test may crash.

    Args:
        folder: where their data goes.
        durable: whether PostgreSQL waits for the disk, as it does for valuable data.

    Raises:
        ServiceError: one of them does not come up.
    """
    servers = _prepared(folder.resolve(), durable=durable)
    try:
        with ThreadPoolExecutor() as pool:
            list(pool.map(ScratchServer.start, (servers.kafka, servers.postgres)))
        yield servers
    finally:
        servers.stop()


def _prepared(folder: Path, *, durable: bool) -> Scratch:
    settings = Settings(
        kafka_bootstrap_servers=f"127.0.0.1:{ports.free_port()}",
        postgres_host="127.0.0.1",
        postgres_port=ports.free_port(),
        dashboard_port=ports.free_port(),
        flink_port=ports.free_port(),
        metrics_port=0,
        services="external",
        data_dir=folder,
        models_dir=folder / "models",
    )
    address, servers = address_of(settings), settings.kafka_bootstrap_servers
    with ThreadPoolExecutor() as pool:
        broker = pool.submit(kafka.prepare, servers, folder)
        database = pool.submit(postgres.prepare, address, folder, durable=durable)
    logs = folder / "logs"
    logs.mkdir(exist_ok=True)
    return Scratch(
        settings,
        ScratchServer(broker.result(), logs / "kafka.log", lambda *rest: await_kafka(servers, *rest)),
        ScratchServer(database.result(), logs / "postgres.log", lambda *rest: await_postgres(address, *rest)),
    )

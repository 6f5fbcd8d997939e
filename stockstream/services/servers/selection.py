"""Selection of each server: one that already answers, one in Docker, or an embedded one."""

import socket
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Literal

from psycopg2 import sql

from stockstream.connectors.kafka.client import cluster_of
from stockstream.connectors.kafka.topic import partition_counts
from stockstream.connectors.postgres.connection import HELLO, address_of, connect, own_errors
from stockstream.errors import (
    KafkaUnreachableError,
    LoginRefusedError,
    PostgresUnreachableError,
    ServiceError,
)
from stockstream.services import ports
from stockstream.services.servers import docker, kafka, postgres, zookeeper
from stockstream.services.servers.program import Program
from stockstream.settings import Settings, is_loopback

Origin = Literal["external", "docker", "embedded"]

# PostgreSQL's two possible answers to a request for TLS.
ANSWERS = (b"S", b"N")


class Server(ABC):
    """A server that the system needs, as described by the settings."""

    name: str
    title: str
    host: str
    port: int
    setting: str
    # The setting that requires a secure connection, if it does.
    safely: str | None

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @abstractmethod
    def check(self) -> None:
        """Return if it answers and accepts the login; otherwise raise a StockstreamError that says why."""

    @abstractmethod
    def prepared(self, folder: Path) -> Program:
        """Return the program of an embedded server."""

    @property
    def endpoint(self) -> str:
        """Its endpoint, as host:port."""
        return f"{self.host}:{self.port}"

    def answers(self) -> bool:
        """Return whether it answers and accepts the login."""
        try:
            self.check()
        except (KafkaUnreachableError, PostgresUnreachableError):
            return False
        return True

    def require_here(self) -> None:
        """Raise ServiceError if the settings name another machine, or need TLS that is not available here."""
        if not is_loopback(self.host):
            raise ServiceError(
                what=f"no {self.title} answers at {self.endpoint}, which is another machine; start it there, "
                "or name localhost to have one here"
            )
        if self.safely:
            raise ServiceError(
                what=f"no {self.title} answers at {self.endpoint}, and one brought up here has no TLS: "
                f"start yours, or leave {self.safely} out"
            )

    def require_free_port(self) -> None:
        """Raise ServiceError if another program listens on the server's port."""
        if ports.is_taken(self.port, self.host):
            raise ServiceError(
                what=f"port {self.port} is taken by {ports.holder(self.port)}, which is no {self.title} "
                f"for us; end it, or set {self.setting} to a free port"
            )


class Kafka(Server):
    """The broker."""

    name, title, setting = "kafka", "Kafka", "KAFKA_BOOTSTRAP_SERVERS"

    def __init__(self, settings: Settings) -> None:
        """Read its endpoint: the first of the bootstrap servers."""
        super().__init__(settings)
        host, _, port = settings.kafka_bootstrap_servers.partition(",")[0].rpartition(":")
        self.host, self.port = host, int(port)
        protocol = settings.kafka_security_protocol
        self.safely = f"KAFKA_SECURITY_PROTOCOL={protocol}" if protocol != "PLAINTEXT" else None

    def check(self) -> None:
        """Raise KafkaUnreachableError unless a broker answers."""
        if "," not in self.settings.kafka_bootstrap_servers and not _listens(self.host, self.port):
            # The client would keep trying for its whole timeout.
            raise KafkaUnreachableError(servers=self.endpoint, reason="nothing listens there")
        partition_counts(cluster_of(self.settings))

    def prepared(self, folder: Path) -> Program:
        """Return the program of an embedded broker."""
        servers = self.settings.kafka_bootstrap_servers
        if self.settings.kafka_metadata == "zookeeper":
            return zookeeper.prepare_kafka(servers, self.settings.zookeeper_port, folder)
        return kafka.prepare(servers, folder)


class Postgres(Server):
    """The database."""

    name, title, setting = "postgres", "PostgreSQL", "POSTGRES_PORT"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.host, self.port = settings.postgres_host, settings.postgres_port
        mode = settings.postgres_sslmode
        self.safely = f"POSTGRES_SSLMODE={mode}" if mode.startswith(("require", "verify")) else None

    def check(self) -> None:
        """Raise unless a server accepts the login; create the database if only that is missing.

        Raises:
            PostgresUnreachableError: no PostgreSQL answers.
            LoginRefusedError: one answers but refuses user or database.
        """
        address = address_of(self.settings)
        if not _speaks_postgres(self.host, self.port):
            raise PostgresUnreachableError(host=self.host, port=self.port, reason="no PostgreSQL answers")
        try:
            connect(address, "start").close()
        except LoginRefusedError as refused:
            self._make_database(refused)

    def prepared(self, folder: Path) -> Program:
        """Return the program of an embedded server."""
        return postgres.prepare(address_of(self.settings), folder)

    def _make_database(self, refused: LoginRefusedError) -> None:
        address = address_of(self.settings)
        try:
            connection = connect(replace(address, database="postgres"), "start")
        except LoginRefusedError:
            raise refused from None
        with closing(connection), own_errors(address), connection.cursor() as cursor:
            connection.autocommit = True
            cursor.execute("SELECT FROM pg_database WHERE datname = %s", [address.database])
            if cursor.rowcount:
                # The database exists: a server that is still starting up refuses every login.
                connect(address, "start").close()
                return
            cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(address.database)))


def origins(servers: list[Server], wish: str) -> dict[str, Origin]:
    """Return where each server comes from, without starting any.

    Args:
        servers: the servers to decide for.
        wish: the setting SERVICES; `auto` takes the first possible one of: one that answers, Docker,
            embedded.

    Raises:
        StockstreamError: a server cannot be provided in this way; says why.
    """
    with ThreadPoolExecutor() as pool:
        found = pool.map(lambda server: _origin(server, wish), servers)
        return {server.name: origin for server, origin in zip(servers, found, strict=True)}


def _origin(server: Server, wish: str) -> Origin:
    if wish == "external":
        server.check()
        return "external"
    if wish == "auto" and server.answers():
        return "external"
    if wish == "docker" and not docker.works():
        raise ServiceError(what="SERVICES=docker, but Docker does not answer; start it, or set SERVICES=auto")
    if wish == "docker" and server.name in docker.running(server.settings):
        return "docker"
    server.require_here()
    server.require_free_port()
    if wish == "docker" or (wish == "auto" and docker.works()):
        return "docker"
    return "embedded"


def _listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError:
        return False
    return True


def _speaks_postgres(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=2) as there:
            there.sendall(HELLO)
            return there.recv(1) in ANSWERS
    except OSError:
        return False

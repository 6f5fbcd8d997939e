"""The environment of a benchmark: its own servers, databases and topics, and a progress reporter."""

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from types import MappingProxyType

from psycopg2 import sql
from rich.console import Console

from stockstream.connectors.kafka.topic import ensure_topic
from stockstream.connectors.postgres.connection import address_of, connect
from stockstream.connectors.postgres.schema import migrate
from stockstream.errors import ServiceError
from stockstream.services.servers.scratch import Scratch, scratch
from stockstream.settings import PROJECT, Settings

PARTITIONS = 4
SEED = "7"
LONGEST = 600  # seconds, for a script that ends by itself
NONE: Mapping[str, subprocess.Popen[str]] = MappingProxyType({})


class InterruptedBenchError(Exception):
    """The benchmark was interrupted by the user."""


@dataclass
class Stage:
    """Kafka and a durable PostgreSQL for a single benchmark."""

    servers: Scratch
    console: Console
    stop: Event
    _began: float = field(default_factory=time.monotonic)

    @property
    def settings(self) -> Settings:
        """Settings that refer to the servers."""
        return self.servers.settings

    def say(self, line: str) -> None:
        """Report the result of a step."""
        self.console.print(f"{time.monotonic() - self._began:6.1f} s  {line}", markup=False, highlight=False)

    def go_on(self) -> None:
        """Allow the benchmark to be interrupted here.

        Raises:
            InterruptedBenchError: an interruption was requested.
        """
        if self.stop.is_set():
            raise InterruptedBenchError

    def looks(
        self, every: float, seconds: float, fault: str, needed: Mapping[str, subprocess.Popen[str]] = NONE
    ) -> Iterator[float]:
        """Yield the time again and again, until the caller has seen what it waits for.

        Args:
            every: seconds between two looks.
            seconds: how long to wait.
            fault: what has not happened in that time.
            needed: the scripts that must not end meanwhile, by name.

        Raises:
            InterruptedBenchError: an interruption was requested.
            ServiceError: the time is over, or a script ended.
        """
        began = time.monotonic()
        while (now := time.monotonic()) - began < seconds:
            self.go_on()
            for name, process in needed.items():
                if process.poll() is not None:
                    words = ended(process, name)
                    raise ServiceError(what=f"{name} ended before its work was done ({words})")
            yield now
            time.sleep(every)
        raise ServiceError(what=f"{fault} within {seconds:g} s")

    @contextmanager
    def fresh(self, template: str | None = None) -> Iterator[Settings]:
        """Yield settings with a new database, which is dropped afterwards.

        Args:
            template: the database to copy; without one it has the schema and no rows.
        """
        name = f"bench_{uuid.uuid4().hex[:12]}"
        made = self.settings.model_copy(update={"postgres_db": name})
        self._command("CREATE DATABASE {} TEMPLATE {}", name, template or "template1")
        try:
            with closing(connect(address_of(made), "bench")) as connection:
                migrate(connection, address_of(made))
            self.checkpoint()
            yield made
        finally:
            self._command("DROP DATABASE {} WITH (FORCE)", name)

    def topic(self, name: str) -> Settings:
        """Create another topic and return settings with it."""
        settings = self.settings.model_copy(update={"kafka_topic": name})
        ensure_topic(settings.kafka_bootstrap_servers, name, PARTITIONS)
        return settings

    def checkpoint(self) -> None:
        """Write everything that is still to be written, so that it does not affect a measured time."""
        self._command("CHECKPOINT")

    def produce(self, trades: int) -> None:
        """Send trades to the topic as fast as producer.py does."""
        self.go_on()
        began = time.monotonic()
        with self.script(
            self.settings, "producer.py", "--rate", "max", "--count", str(trades), "--seed", SEED
        ) as it:
            ended(it, "producer.py")
        self.say(f"{trades:,} trades in topic {self.settings.kafka_topic}, {time.monotonic() - began:.1f} s")

    @contextmanager
    def script(self, settings: Settings, *command: str) -> Iterator[subprocess.Popen[str]]:
        """Run a script of the project with these settings; it ends with the block at the latest."""
        with subprocess.Popen(
            [sys.executable, *command],
            cwd=PROJECT,
            env=environment_of(settings),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def _command(self, statement: str, *names: str) -> None:
        with closing(connect(address_of(self.settings), "bench")) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextmanager
def stage(stop: Event) -> Iterator[Stage]:
    """Start the servers and create an empty topic; everything is removed afterwards.

    Raises:
        ServiceError: a server does not come up.
    """
    console = Console(stderr=True, soft_wrap=True)
    with (
        TemporaryDirectory(prefix="stockstream-bench-") as folder,
        console.status("starting Kafka and PostgreSQL") as status,
        scratch(Path(folder), durable=True) as servers,
    ):
        settings = servers.settings
        ensure_topic(settings.kafka_bootstrap_servers, settings.kafka_topic, PARTITIONS)
        status.update("measuring")
        yield Stage(servers, console, stop)


def ended(process: subprocess.Popen[str], name: str) -> str:
    """Wait for the end of a script and return its last output.

    Raises:
        ServiceError: it failed (with its last output), or it does not end.
    """
    try:
        _, said = process.communicate(timeout=LONGEST)
    except subprocess.TimeoutExpired as exc:
        raise ServiceError(what=f"{name} does not end, {LONGEST} s after it should have") from exc
    words = (said.strip().splitlines() or ["without a word"])[-1]
    if process.returncode:
        raise ServiceError(what=f"{name} ended with exit code {process.returncode} ({words})")
    return words


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the environment variables that make a script use `settings`."""
    return dict(os.environ) | settings.environment()

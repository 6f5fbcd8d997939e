"""The content of DATA_DIR, and the mark that every process started from it carries."""

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stockstream.errors import ServiceError

# In the environment of every process that start.sh begins: the absolute DATA_DIR, and its part.
MARK = "STOCKSTREAM_RUN"
PART = "STOCKSTREAM_PART"

SOCKET = "supervisor.sock"
# The address of a Unix socket holds 104 bytes on some systems, including its terminator.
SOCKET_LIMIT = 100
# Linux has a short name for a folder that a process has open.
OPEN_FOLDERS = Path("/proc/self/fd")


@dataclass(frozen=True)
class RunFolder:
    """The paths in DATA_DIR."""

    path: Path

    @property
    def logs(self) -> Path:
        """The logs, one per process, rotated."""
        return self.path / "logs"

    @property
    def config(self) -> Path:
        """The supervisor's configuration."""
        return self.path / "supervisord.conf"

    @property
    def pid_file(self) -> Path:
        """The supervisor's process id."""
        return self.path / "supervisord.pid"

    @property
    def socket(self) -> Path:
        """The supervisor's control socket."""
        return self.path / SOCKET

    @property
    def has_long_socket(self) -> bool:
        """Whether the path of the socket is too long for a socket address."""
        return len(os.fsencode(self.socket)) > SOCKET_LIMIT

    @contextmanager
    def short_socket(self) -> Iterator[Path]:
        """Yield a path of the socket that fits into a socket address, for as long as it is needed."""
        if not self.has_long_socket:
            yield self.socket
            return
        folder = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield OPEN_FOLDERS / str(folder) / SOCKET
        finally:
            os.close(folder)

    @property
    def docker_services(self) -> tuple[str, ...]:
        """The services that a start brought up in Docker, and that a stop takes down."""
        try:
            return tuple(json.loads(self._docker.read_text("utf-8")))
        except FileNotFoundError:
            return ()

    def remember_docker(self, services: Iterable[str]) -> None:
        """Record the services that a start brought up in Docker."""
        self._docker.write_text(json.dumps(sorted(services)), "utf-8")

    def forget_docker(self) -> None:
        """Record that they are down; the fact that they existed is kept for a wipe."""
        self.remember_docker(())

    @property
    def used_docker(self) -> bool:
        """Whether a start from here has ever created something in Docker."""
        return self._docker.exists()

    def make(self) -> None:
        """Create the folders.

        Raises:
            ServiceError: they cannot be created.
        """
        try:
            self.logs.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise ServiceError(
                what=f"cannot make DATA_DIR={self.path} ({exc.strerror}); set another"
            ) from exc
        if self.has_long_socket and not OPEN_FOLDERS.exists():
            raise ServiceError(
                what=f"DATA_DIR={self.path} is too long for a socket's address; set one of at most "
                f"{SOCKET_LIMIT - len(SOCKET) - 1} bytes"
            )

    @contextmanager
    def alone(self, wait_for: Callable[[str], None]) -> Iterator[None]:
        """Lock the folder against a concurrent start or stop, waiting until that has ended."""
        self.make()
        with (self.path / "lock").open("a") as lock:
            wait_for("another start or stop to end")
            fcntl.flock(lock, fcntl.LOCK_EX)
            wait_for("a look at what is there")
            yield

    def sweep(self) -> None:
        """Remove what a killed supervisor leaves behind: its socket and its pid file."""
        self.socket.unlink(missing_ok=True)
        self.pid_file.unlink(missing_ok=True)

    def wipe(self) -> list[Path]:
        """Delete what a start created here and nothing else, and return what was deleted."""
        names = (
            "kafka",
            "kafka.properties",
            "kafka-zookeeper",
            "kafka-zookeeper.properties",
            "zookeeper",
            "zookeeper.properties",
            "postgres",
            "jars",
            "java",
            "flink",
            "logs",
            # Resume points: the topic's messages are gone.
            "producer",
            "supervisord.conf",
            "docker.json",
            "lock",
        )
        gone = [self.path / name for name in names if (self.path / name).exists()]
        for path in gone:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        if not any(self.path.iterdir()):
            self.path.rmdir()
        return gone

    @property
    def _docker(self) -> Path:
        return self.path / "docker.json"

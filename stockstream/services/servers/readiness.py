"""Waiting until a started server answers."""

import time
from collections.abc import Callable
from pathlib import Path

from stockstream.connectors.kafka.client import Where
from stockstream.connectors.kafka.topic import partition_counts
from stockstream.connectors.postgres.connection import Address, connect
from stockstream.errors import RecoverableError, ServiceError

# A broker that rejoins a busy cluster on two slow cores has been seen to need more than a minute.
TIMEOUT = 180.0
LOOK_EVERY = 0.1


def await_answer(name: str, knock: Callable[[], object], is_alive: Callable[[], bool], log: Path) -> None:
    """Wait until `knock` no longer raises RecoverableError.

    Raises:
        ServiceError: the server ended, or does not answer in time; names the log and its last line.
    """
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        try:
            knock()
        except RecoverableError:
            if not is_alive():
                raise ServiceError(what=f"{name} ended as it started ({last_line(log)}); see {log}") from None
            time.sleep(LOOK_EVERY)
        else:
            return
    raise ServiceError(what=f"{name} does not answer after {TIMEOUT:.0f} s ({last_line(log)}); see {log}")


def await_kafka(servers: Where, is_alive: Callable[[], bool], log: Path) -> None:
    """Wait until a broker answers.

    Raises:
        ServiceError: it ended, or does not answer in time; names the log and its last line.
    """
    await_answer("Kafka", lambda: partition_counts(servers, timeout=1.0), is_alive, log)


def await_postgres(address: Address, is_alive: Callable[[], bool], log: Path) -> None:
    """Wait until the server accepts the login.

    Raises:
        ServiceError: it ended, or does not answer in time; names the log and its last line.
    """
    await_answer("PostgreSQL", lambda: connect(address, "start").close(), is_alive, log)


def last_line(log: Path) -> str:
    """Return the last non-empty line of a log, or a note that there is none."""
    try:
        lines = [line.strip() for line in log.read_text("utf-8", "replace").splitlines()]
    except OSError:
        return "no log"
    return next((line for line in reversed(lines) if line), "an empty log")

"""PostgreSQL's door: connections, and the driver's errors made the project's own.

An error is recoverable (an outage, a restart, a full disk: the same write may pass later) or
poison (SQLSTATE 22 and 23: this value will never pass). The SQLSTATE decides, never the text.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - the driver's class has a small name

from stockstream.errors import (
    DuplicateError,
    LoginRefusedError,
    PoisonError,
    PostgresBusyError,
    PostgresUnreachableError,
    SchemaMissingError,
    StatementRefusedError,
    StockstreamError,
)
from stockstream.settings import Settings

DATA_FAULTS = ("22", "23")
# A statement that is wrong, unknown here or not allowed: waiting will not mend it.
STATEMENT_FAULTS = ("42", "0A")
UNIQUE_VIOLATION = "23505"
UNDEFINED_TABLE_OR_COLUMN = ("42P01", "42703")

__all__ = ["Address", "Connection", "address_of", "connect", "own_errors"]


@dataclass(frozen=True)
class Address:
    """Where a PostgreSQL is and who asks; what `connect` needs."""

    host: str
    port: int
    database: str
    user: str
    password: str


def address_of(settings: Settings) -> Address:
    """Return the address that the settings name."""
    return Address(
        settings.postgres_host,
        settings.postgres_port,
        settings.postgres_db,
        settings.postgres_user,
        settings.postgres_password.get_secret_value(),
    )


def connect(address: Address, application: str) -> Connection:
    """Open a connection in UTC; `application` is the name that pg_stat_activity shows.

    Raises:
        PostgresUnreachableError: no server answers there.
        LoginRefusedError: a server answers and refuses the user or the database.
    """
    try:
        return psycopg2.connect(
            host=address.host,
            port=address.port,
            dbname=address.database,
            user=address.user,
            password=address.password,
            application_name=f"stockstream {application}",
            connect_timeout=5,
            # A peer that is gone without a word is noticed within half a minute.
            keepalives_idle=10,
            keepalives_interval=5,
            keepalives_count=3,
            options="-c timezone=UTC",
        )
    except psycopg2.OperationalError as exc:
        raise _no_connection(exc, address) from exc


@contextmanager
def own_errors(address: Address) -> Iterator[None]:
    """Turn the driver's errors into the project's own."""
    try:
        yield
    except psycopg2.Error as exc:
        raise _translated(exc, address) from exc


def _translated(exc: psycopg2.Error, address: Address) -> StockstreamError:
    state = exc.pgcode or ""
    reason = _first_line(exc)
    if state == UNIQUE_VIOLATION:
        return DuplicateError(reason=reason, constraint=exc.diag.constraint_name)
    if state.startswith(DATA_FAULTS):
        return PoisonError(reason=reason)
    if state in UNDEFINED_TABLE_OR_COLUMN:
        return SchemaMissingError(database=address.database, reason=reason)
    if state.startswith(STATEMENT_FAULTS):
        return StatementRefusedError(reason=reason)
    if state:
        return PostgresBusyError(reason=reason)
    return PostgresUnreachableError(host=address.host, port=address.port, reason=reason)


def _no_connection(exc: psycopg2.Error, address: Address) -> StockstreamError:
    """Tell a silent port from a server that refuses us: the driver gives no SQLSTATE before login."""
    where = {"host": address.host, "port": address.port, "reason": _first_line(exc)}
    try:
        socket.create_connection((address.host, address.port), timeout=2).close()
    except OSError:
        return PostgresUnreachableError(**where)
    return LoginRefusedError(user=address.user, database=address.database, **where)


def _first_line(exc: psycopg2.Error) -> str:
    lines = str(exc).strip().splitlines() or [type(exc).__name__]
    return lines[0].rpartition("failed: ")[2].strip()

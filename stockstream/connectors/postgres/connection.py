"""Connections to PostgreSQL, and the project's errors for those of the driver.

An error is recoverable (an outage, a restart, a full disk: the same write may pass later) or poison (SQLSTATE
22 and 23: this value will never pass). The SQLSTATE decides, never the text.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - the driver's class has a lowercase name

from stockstream.connectors import tls
from stockstream.errors import (
    DuplicateError,
    LoginRefusedError,
    PoisonError,
    PostgresBusyError,
    PostgresTlsError,
    PostgresUnreachableError,
    SchemaMissingError,
    StatementRefusedError,
    StockstreamError,
)
from stockstream.settings import Settings

UNDEFINED_TABLE_OR_COLUMN = ("42P01", "42703")
FAULTS: tuple[tuple[tuple[str, ...], type[StockstreamError]], ...] = (
    (("23505",), DuplicateError),
    (("22", "23"), PoisonError),
    # A statement that is wrong, unknown here or not allowed: waiting does not help.
    (("42", "0A"), StatementRefusedError),
)

__all__ = ["Address", "Connection", "address_of", "connect", "connection_options", "own_error", "own_errors"]


# SSLRequest, which a PostgreSQL client may send first, and the server's yes.
HELLO = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")
YES = b"S"
CHECK_AUTHORITY = "check POSTGRES_SSLROOTCERT, and that POSTGRES_HOST is the host that its certificate names"
SPEAK_TLS = "it speaks TLS, which POSTGRES_SSLMODE=disable leaves out: set POSTGRES_SSLMODE=verify-full"


@dataclass(frozen=True)
class Tls:
    """How a connection is secured, in libpq's words: the mode, and the files of certificates."""

    mode: str = "prefer"
    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def options(self) -> dict[str, Any]:
        """Return libpq's options."""
        files = {"sslrootcert": self.authority, "sslcert": self.certificate, "sslkey": self.key}
        return {"sslmode": self.mode} | {name: str(file) for name, file in files.items() if file}


@dataclass(frozen=True)
class Address:
    """PostgreSQL's host, port, database, user and security, as `connect` needs them."""

    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)
    tls: Tls = Tls()


def address_of(settings: Settings) -> Address:
    """Return the address in the settings."""
    return Address(
        settings.postgres_host,
        settings.postgres_port,
        settings.postgres_db,
        settings.postgres_user,
        settings.postgres_password.get_secret_value(),
        Tls(
            settings.postgres_sslmode,
            settings.postgres_sslrootcert,
            settings.postgres_sslcert,
            settings.postgres_sslkey,
        ),
    )


def connect(address: Address, application: str) -> Connection:
    """Open a connection in UTC; `application` is the name that pg_stat_activity shows.

    Raises:
        PostgresUnreachableError: no server answers there.
        PostgresTlsError: a server answers, but not as POSTGRES_SSLMODE requires.
        LoginRefusedError: a server answers but refuses the user or the database.
    """
    try:
        connection: Connection = psycopg2.connect(
            host=address.host,
            port=address.port,
            dbname=address.database,
            user=address.user,
            password=address.password,
            **address.tls.options(),
            **connection_options(application),
        )
    except psycopg2.OperationalError as exc:
        raise _no_connection(exc, address) from exc
    return connection


def connection_options(application: str) -> dict[str, Any]:
    """Return libpq's options for every connection: application name, UTC, and keepalives."""
    return {
        "application_name": f"stockstream {application}",
        "connect_timeout": "5",
        # A peer that vanishes silently is noticed within half a minute.
        "keepalives_idle": "10",
        "keepalives_interval": "5",
        "keepalives_count": "3",
        "options": "-c timezone=UTC",
    }


@contextmanager
def own_errors(address: Address) -> Iterator[None]:
    """Convert the driver's errors to the project's own."""
    try:
        yield
    except psycopg2.Error as exc:
        raise _translated(exc, address) from exc


def _translated(exc: psycopg2.Error, address: Address) -> StockstreamError:
    return own_error(exc.pgcode, _first_line(exc), address)


def own_error(state: str | None, reason: str, address: Address) -> StockstreamError:
    """Return the project's error for an SQLSTATE; without one, the connection is gone."""
    if state is None:
        return PostgresUnreachableError(host=address.host, port=address.port, reason=reason)
    if state in UNDEFINED_TABLE_OR_COLUMN:
        return SchemaMissingError(database=address.database, reason=reason)
    for states, error in FAULTS:
        if state.startswith(states):
            return error(reason=reason)
    return PostgresBusyError(reason=reason)


def _no_connection(exc: psycopg2.Error, address: Address) -> StockstreamError:
    """Distinguish a silent port from a server's refusal: the driver gives no SQLSTATE before login."""
    where = {"host": address.host, "port": address.port}
    reason = _first_line(exc)
    try:
        with socket.create_connection((address.host, address.port), timeout=2) as line:
            speaks_tls = _asks_for_tls(line)
    except OSError:
        return PostgresUnreachableError(reason=reason, **where)
    if fault := _tls_fault(address):
        return PostgresTlsError(reason=fault, remedy=CHECK_AUTHORITY, **where)
    hint = f"; {SPEAK_TLS}" if speaks_tls and address.tls.mode == "disable" else ""
    return LoginRefusedError(user=address.user, database=address.database, reason=reason + hint, **where)


def _tls_fault(address: Address) -> str | None:
    mode, authority = address.tls.mode, address.tls.authority
    if not mode.startswith("verify") and (mode != "require" or authority is None):
        return None
    return tls.fault(
        *(address.host, address.port, authority), greet=_asks_for_tls, checks_host=mode == "verify-full"
    )


def _asks_for_tls(line: socket.socket) -> bool:
    line.sendall(HELLO)
    return line.recv(1) == YES


def _first_line(exc: psycopg2.Error) -> str:
    lines = str(exc).strip().splitlines() or [type(exc).__name__]
    return lines[0].rpartition("failed: ")[2].strip()

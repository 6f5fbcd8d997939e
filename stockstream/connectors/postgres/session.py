"""A PostgreSQL session that is opened when needed, and again after an outage."""

from collections.abc import Callable
from typing import TypeVar

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the driver's class has a lowercase name

from stockstream.connectors.postgres.connection import Address, Connection, connect, own_errors
from stockstream.errors import RecoverableError

Outcome = TypeVar("Outcome")


class Session:
    """One connection at a time, for a single user of it."""

    def __init__(self, address: Address, application: str) -> None:
        """Create a session; `application` is the name that pg_stat_activity shows."""
        self.address = address
        self._application = application
        self._connection: Connection | None = None

    @property
    def connection(self) -> Connection:
        """The connection, opened if needed; raises PostgresUnreachableError or LoginRefusedError."""
        if self._connection is None or self._connection.closed:
            self._connection = connect(self.address, self._application)
        return self._connection

    def transaction(self, work: Callable[[Cursor], Outcome]) -> Outcome:
        """Run `work` and COMMIT, all or nothing.

        After an outage the connection is opened again, even if the server still answers on the old one: a
        session keeps the settings that it began with, such as read-only mode, while new ones have others.
        """
        connection = self.connection
        try:
            with own_errors(self.address), connection, connection.cursor() as cursor:
                return work(cursor)
        except RecoverableError:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection and discard what is not committed."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

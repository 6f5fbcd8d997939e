"""A session with PostgreSQL that is opened when it is needed, and anew after an outage."""

from collections.abc import Callable
from typing import TypeVar

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the driver's class has a small name

from stockstream.connectors.postgres.connection import Address, Connection, connect, own_errors
from stockstream.errors import RecoverableError

Outcome = TypeVar("Outcome")


class Session:
    """One connection at a time, for one user of it."""

    def __init__(self, address: Address, application: str) -> None:
        """Prepare; `application` is the name that pg_stat_activity shows."""
        self.address = address
        self._application = application
        self._connection: Connection | None = None

    @property
    def connection(self) -> Connection:
        """The connection; PostgresUnreachableError or LoginRefusedError where there is none to be had."""
        if self._connection is None or self._connection.closed:
            self._connection = connect(self.address, self._application)
        return self._connection

    def transaction(self, work: Callable[[Cursor], Outcome]) -> Outcome:
        """Do `work` and COMMIT, all or nothing.

        After an outage the connection is opened anew, also after one that the server answered on: a
        session keeps the settings that it began with, such as to read only, when new ones have others.
        """
        connection = self.connection
        try:
            with own_errors(self.address), connection, connection.cursor() as cursor:
                return work(cursor)
        except RecoverableError:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection, and with it what is not committed."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

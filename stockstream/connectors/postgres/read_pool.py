"""A pool of read-only connections, shared by many viewers."""

from collections.abc import Callable, Mapping
from queue import LifoQueue
from typing import Any, TypeVar

from stockstream.connectors.postgres.connection import Address, Connection, connect, own_errors
from stockstream.connectors.postgres.sql import query
from stockstream.errors import RecoverableError

Rows = Callable[[str, Mapping[str, Any] | None], list[tuple[Any, ...]]]
Answer = TypeVar("Answer")

SIZE = 3
LONGEST_STATEMENT_MS = 8_000


class ReadPool:
    """Read-only connections: a caller waits if none is free, and a broken one is replaced.

    psycopg2's own pool raises an error instead of waiting, and hands out broken connections again.
    """

    def __init__(self, address: Address, application: str, size: int = SIZE) -> None:
        """Create a pool; each connection is opened when it is first needed."""
        self._address = address
        self._application = application
        self._slots: LifoQueue[Connection | None] = LifoQueue()
        for _ in range(size):
            self._slots.put(None)

    def read(self, work: Callable[[Rows], Answer]) -> Answer:
        """Return the result of `work`, whose queries all see the same moment.

        A kept connection that has broken meanwhile is replaced once, transparently for the caller.

        Raises:
            StockstreamError: the database does not answer, or does not have these tables.
        """
        connection = self._slots.get()
        try:
            if connection is not None:
                try:
                    return self._run(connection, work)
                except RecoverableError:
                    if not connection.closed:
                        raise
            connection = self._open()
            return self._run(connection, work)
        finally:
            self._slots.put(None if connection is None or connection.closed else connection)

    def close(self) -> None:
        """Close the connections that are not in use."""
        for _ in range(self._slots.qsize()):
            connection = self._slots.get()
            if connection is not None:
                connection.close()
            self._slots.put(None)

    def _open(self) -> Connection:
        connection = connect(self._address, self._application)
        with own_errors(self._address), connection, connection.cursor() as cursor:
            cursor.execute(query("set_reader_role"))
            cursor.execute("SET statement_timeout = %s", (LONGEST_STATEMENT_MS,))
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        return connection

    def _run(self, connection: Connection, work: Callable[[Rows], Answer]) -> Answer:
        with own_errors(self._address), connection, connection.cursor() as cursor:

            def rows(statement: str, facts: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
                cursor.execute(statement, facts)
                return cursor.fetchall()

            return work(rows)

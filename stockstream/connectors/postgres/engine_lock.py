"""The lock that keeps two engines from writing the same candles.

It is an advisory lock of PostgreSQL, held by a session: it goes with the connection, however its
process ends, so it never lies around. The sessions of one engine share it (several aggregators are one
group; a Flink job writes through several connections), the other engine is refused. A Flink job holds
it by the very connections that it writes with, on whatever cluster it runs: see `flink_claims` in
the schema.
"""

from typing import Literal

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the driver's class has a small name

from stockstream.connectors.postgres.connection import Address
from stockstream.connectors.postgres.session import Session
from stockstream.connectors.postgres.sql import query
from stockstream.errors import EngineRunsError

Engine = Literal["aggregator", "flink"]

REMEDY = {
    "aggregator": "stop it first: Ctrl-C in its terminal, or ./stop.sh",
    "flink": "stop it first: python flink_processor.py cancel",
}


class EngineLock:
    """The right of an engine to write candles, held as long as this is open."""

    def __init__(self, address: Address, engine: Engine) -> None:
        """Prepare; `acquire` takes it."""
        self._engine = engine
        self._session = Session(address, f"engine {engine}")

    def acquire(self, *, alone: bool = False) -> None:
        """Take the lock, or make sure that it is still held: after an outage it is taken anew.

        Args:
            alone: refuse also where another of the same engine holds it.

        Raises:
            EngineRunsError: another engine writes the candles.
            RecoverableError: the database is away; claim again.
        """
        holder = self._session.transaction(lambda cursor: self._acquire(cursor, alone=alone))
        if holder is not None:
            self._session.close()
            raise EngineRunsError(holder=holder, remedy=REMEDY[holder])

    def close(self) -> None:
        """Let it go."""
        self._session.close()

    def _acquire(self, cursor: Cursor, *, alone: bool) -> str | None:
        cursor.execute(query("lock_candles"), {"engine": self._engine, "alone": alone})
        (holder,) = cursor.fetchone() or (None,)
        return None if holder is None else str(holder)

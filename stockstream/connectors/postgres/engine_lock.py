"""The lock that keeps two engines from writing the same candles.

It is an advisory lock of PostgreSQL that a session holds: it is released with the connection, however the
process ends, so it is never left behind. The sessions of one engine share it (several aggregators are one
group; a Flink job writes through several connections), the other engine is refused. A Flink job holds it
through the connections that it writes with, on whatever cluster it runs: see `flink_claims` in the schema.
"""

from typing import Literal

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the driver's class has a lowercase name

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
    """An engine's right to write candles, held as long as this object is open."""

    def __init__(self, address: Address, engine: Engine) -> None:
        """Create the lock without acquiring it."""
        self._engine = engine
        self._session = Session(address, f"engine {engine}")

    def acquire(self, *, alone: bool = False) -> None:
        """Acquire the lock, or make sure that it is still held: after an outage it is acquired again.

        Args:
            alone: refuse also if another job of the same engine holds it.

        Raises:
            EngineRunsError: another engine writes the candles.
            RecoverableError: the database is unavailable; acquire again.
        """
        holder = self._session.transaction(lambda cursor: self._acquire(cursor, alone=alone))
        if holder is not None:
            self._session.close()
            raise EngineRunsError(holder=holder, remedy=REMEDY[holder])

    def close(self) -> None:
        """Release the lock."""
        self._session.close()

    def _acquire(self, cursor: Cursor, *, alone: bool) -> str | None:
        cursor.execute(query("lock_candles"), {"engine": self._engine, "alone": alone})
        (holder,) = cursor.fetchone() or (None,)
        return None if holder is None else str(holder)

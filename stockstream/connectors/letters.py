"""Dead letters on their way into their table."""

from collections.abc import Sequence

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the driver's class has a small name

from stockstream.connectors.sql import query
from stockstream.market.arrivals import DeadLetter


def keep(cursor: Cursor, topic: str, dead: Sequence[DeadLetter]) -> None:
    """Store the dead letters of a batch, in the caller's transaction."""
    if not dead:
        return
    columns = {
        "partitions": [each.partition for each in dead],
        "offsets": [each.offset for each in dead],
        "keys": [each.key for each in dead],
        "payloads": [each.payload for each in dead],
        "reasons": [each.reason for each in dead],
    }
    cursor.execute(query("dead_letters_in"), {"topic": topic, **columns})

"""Comparison of the tables with the ledgers: lost, duplicated, foreign, and wrongly dead trades."""

import re
from collections import Counter
from dataclasses import dataclass

from stockstream.connectors.postgres.connection import Connection
from testkit.ledger import Ledger


@dataclass(frozen=True)
class Judgement:
    """How many trades are not where they belong; all must be zero.

    `lost` were acknowledged and are in no table, `twice` are in `trades` more than once, `foreign`
    were never sent, `buried` are good trades among the dead letters.
    """

    lost: int
    twice: int
    foreign: int
    buried: int

    @property
    def is_clean(self) -> bool:
        """Return whether the tables equal the ledgers."""
        return not (self.lost or self.twice or self.foreign or self.buried)


def judge(connection: Connection, trades: Ledger, bad: Ledger, source: str = "%") -> Judgement:
    """Compare the tables with what was sent and acknowledged.

    Args:
        connection: the connection to the tables.
        trades: the ledger of trades.
        bad: the ledger of bad messages.
        source: a LIKE pattern for the trades to compare; others may be sent beside them.
    """
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT trade_id FROM trades WHERE source LIKE %s", [source])
        stored = Counter(str(trade_id) for (trade_id,) in cursor)
        cursor.execute("SELECT payload FROM dead_letters")
        dead = Counter(_place(bytes(payload or b"")) for (payload,) in cursor)
    return Judgement(
        lost=len(trades.acknowledged - stored.keys()) + len(bad.acknowledged - dead.keys()),
        twice=sum(times - 1 for times in (stored + dead).values()),
        foreign=len(stored.keys() - trades.sent),
        buried=len(dead.keys() - bad.sent),
    )


def _place(payload: bytes) -> str:
    found = re.search(rb'"(?:trade_id|no_trade)":"([^"]*)"', payload)
    return found[1].decode() if found else repr(payload)

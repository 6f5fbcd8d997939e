"""The gaps of live feeds in PostgreSQL, for readers of the candles they affect."""

from collections.abc import Sequence
from contextlib import closing

from msgspec.structs import asdict
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the driver's class has a lowercase name

from stockstream.connectors.postgres.connection import Address
from stockstream.connectors.postgres.session import Session
from stockstream.connectors.postgres.sql import query
from stockstream.market.venues import Gap


class FeedGaps:
    """The table `feed_gaps`, as one feed writes it; writing the same gaps again changes nothing."""

    def __init__(self, address: Address, source: str) -> None:
        """Create the writer without connecting: gaps are rare, and each write opens its own connection."""
        self._address, self._source = address, source

    def write(self, gaps: Sequence[Gap]) -> None:
        """Write gaps in the order reported, all or none; each replaces those stored from its start on.

        Raises:
            StockstreamError: the database does not answer, or rejects them.
        """

        def work(cursor: Cursor) -> None:
            for gap in gaps:
                facts = asdict(gap) | {"source": self._source}
                cursor.execute(query("delete_feed_gaps"), facts)
                if gap.reason:
                    cursor.execute(query("insert_feed_gap"), facts)

        with closing(Session(self._address, "producer")) as session:
            session.transaction(work)

"""The tape read back: stretches of a symbol's stored trades, for training, analysis and warm-up."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the driver's class has a small name

from stockstream.connectors.postgres import Address, own_errors
from stockstream.connectors.session import Session
from stockstream.connectors.sql import query
from stockstream.market.anomalies.stretch import Stretch, of_rows

PORTION = 50_000

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
END = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True)
class Span:
    """Event times from `since` (included) to `until` (excluded)."""

    since: datetime = BEGINNING
    until: datetime = END


ALL = Span()


class History:
    """The stored trades; reads only, and never the label."""

    def __init__(self, address: Address) -> None:
        """Prepare; the connection is opened when it is needed, and again after it broke."""
        self._session = Session(address, "history")

    def symbols(self) -> list[str]:
        """Return the symbols that have trades, in order."""
        return [symbol for (symbol,) in self._rows("stored_symbols", {})]

    def newest_moment(self, symbol: str) -> datetime | None:
        """Return when the newest trade of a symbol happened, None where there is none."""
        rows = self._rows("newest_of_symbol", {"symbol": symbol})
        return rows[0][0] if rows else None

    def has(self, symbol: str, trades: int) -> bool:
        """Return whether a symbol has at least so many trades; costs no more than to count them."""
        return bool(self._rows("has_trades", {"symbol": symbol, "trades": trades})[0][0])

    def newest(self, symbol: str, most: int, span: Span) -> Stretch:
        """Return the newest `most` trades of a span, in order of event time."""
        wanted = {"symbol": symbol, "since": span.since, "until": span.until, "most": most}
        return of_rows(symbol, self._rows("newest_trades", wanted))

    def portions(self, symbol: str, span: Span) -> Iterator[Stretch]:
        """Yield the trades of a span in order of event time, so many at a time as memory allows."""
        connection = self._session.connection
        wanted = {"symbol": symbol, "since": span.since, "until": span.until}
        with own_errors(self._session.address), connection, connection.cursor(name="portions") as cursor:
            cursor.execute(query("trades_of_span"), wanted)
            while rows := cursor.fetchmany(PORTION):
                yield of_rows(symbol, rows)

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _rows(self, name: str, values: dict[str, object]) -> list[Any]:
        def ask(cursor: Cursor) -> list[Any]:
            cursor.execute(query(name), values)
            return cursor.fetchall()

        return self._session.transaction(ask)

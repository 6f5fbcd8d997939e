"""Reading of the tape: windows of a symbol's stored trades, for training, analysis and warm-up."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the driver's class has a lowercase name

from stockstream.connectors.postgres.connection import Address, own_errors
from stockstream.connectors.postgres.session import Session
from stockstream.connectors.postgres.sql import query
from stockstream.errors import UnknownSymbolError
from stockstream.market.anomalies.features.market_context import NOBODY, MarketContext, of_prices
from stockstream.market.anomalies.features.trade_window import (
    EPOCH,
    MICROSECOND,
    Floats,
    Ints,
    TradeWindow,
    of_rows,
)

PORTION = 50_000
# If a span has more trades than this over all symbols, the market is not read: it would take seconds.
MARKET = 2_000_000
EPOCH_2000 = 946_684_800_000_000  # microseconds

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
END = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True)
class Span:
    """Event times from `since` (included) to `until` (excluded)."""

    since: datetime = BEGINNING
    until: datetime = END


ALL = Span()


class TradeReader:
    """The stored trades; it only reads, and never the label."""

    def __init__(self, address: Address) -> None:
        """Create a reader; the connection is opened when needed, and again after it broke."""
        self._session = Session(address, "history")
        # The market is queried during an iteration over portions, whose cursor occupies its connection.
        self._market = Session(address, "history")

    def symbols(self) -> list[str]:
        """Return the symbols that have trades, in order."""
        return [symbol for (symbol,) in _rows(self._session, "select_symbols", {})]

    def require(self, symbols: Iterable[str]) -> list[str]:
        """Return the symbols that have trades.

        Raises:
            UnknownSymbolError: one of `symbols` has none.
        """
        stored = self.symbols()
        for symbol in symbols:
            if symbol not in stored:
                raise UnknownSymbolError(symbol=symbol, known=", ".join(stored[:20]) or "none")
        return stored

    def newest_moment(self, symbol: str) -> datetime | None:
        """Return when the newest trade of a symbol happened, or None if there is none."""
        rows = _rows(self._session, "select_newest_time", {"symbol": symbol})
        return rows[0][0] if rows else None

    def has(self, symbol: str, trades: int) -> bool:
        """Return whether a symbol has at least this many trades; costs no more than counting them."""
        return bool(_rows(self._session, "check_trade_count", {"symbol": symbol, "trades": trades})[0][0])

    def newest(self, symbol: str, most: int, span: Span) -> TradeWindow:
        """Return the newest `most` trades of a span, in order of event time."""
        wanted = {"symbol": symbol, "since": span.since, "until": span.until, "most": most}
        return of_rows(symbol, _rows(self._session, "select_newest_trades", wanted))

    def portions(self, symbol: str, span: Span) -> Iterator[TradeWindow]:
        """Yield the trades of a span in order of event time, in portions that fit into memory."""
        connection = self._session.connection
        wanted = {"symbol": symbol, "since": span.since, "until": span.until}
        with own_errors(self._session.address), connection, connection.cursor(name="portions") as cursor:
            cursor.execute(query("select_trades"), wanted)
            while rows := cursor.fetchmany(PORTION):
                yield of_rows(symbol, rows)

    def market(self, first: int, last: int) -> MarketContext:
        """Return the trades of all symbols as market context, or `NOBODY` if they are too many to read."""
        since, until = (EPOCH + micros * MICROSECOND for micros in (first, last))
        wanted = {"first": since, "last": until, "most": MARKET + 1}
        tapes = {
            symbol: _tape(*both) for symbol, *both in _rows(self._market, "select_market_prices", wanted)
        }
        return of_prices(tapes) if sum(len(times) for times, _ in tapes.values()) <= MARKET else NOBODY

    def among(self, window: TradeWindow) -> TradeWindow:
        """Return a window of the tape with the market around it."""
        if not len(window):
            return window
        return self.market(int(window.micros.min()), int(window.micros.max())).around(window)

    def close(self) -> None:
        """Close the connection."""
        self._session.close()
        self._market.close()


def _tape(times: bytes, prices: bytes) -> tuple[Ints, Floats]:
    """Return times and prices in order of time, from their bytes in any order."""
    micros = np.frombuffer(times, ">i8").astype(np.int64) + EPOCH_2000
    order = np.argsort(micros, kind="stable")
    return micros[order], np.frombuffer(prices, ">f8").astype(np.float64)[order]


def _rows(session: Session, name: str, values: dict[str, object]) -> list[Any]:
    def ask(cursor: Cursor) -> list[Any]:
        cursor.execute(query(name), values)
        return cursor.fetchall()

    return session.transaction(ask)

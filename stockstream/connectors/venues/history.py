"""A venue's earlier trades, page by page over HTTP."""

import asyncio
from collections.abc import Sequence

import httpx

from stockstream.errors import BadFrameError, HistoryError, HistoryRefusedError
from stockstream.market.trade.schema import Trade
from stockstream.market.venues import Feed, FeedPosition, number_of

GOOD = 200
LATER = (408, 418, 425, 429)  # too many requests, in several variants
REFUSED = range(400, 500)


class History:
    """Requests pages; the caller decides how often to try again."""

    def __init__(self, feed: Feed, timeout: float = 5.0) -> None:
        """Create a client; `timeout` is in seconds, for connecting and for each silence in an answer."""
        self._feed = feed
        self._client = httpx.Client(
            headers=dict(feed.headers) | {"User-Agent": "stockstream"}, timeout=timeout
        )

    async def page(self, symbol: str, after: FeedPosition) -> Sequence[Trade]:
        """Return the oldest trades after a position in order, at most one page.

        Raises:
            HistoryError: the venue does not answer now, or not with a page.
            HistoryRefusedError: the venue refuses this request.
        """
        status, body = await asyncio.to_thread(self._get, self._feed.page_address(symbol, after))
        if status in REFUSED and status not in LATER:
            raise HistoryRefusedError(venue=self._feed.name, reason=f"HTTP {status}")
        if status != GOOD:
            raise HistoryError(venue=self._feed.name, reason=f"HTTP {status}")
        try:
            trades = self._feed.parse_page(symbol, body)
        except BadFrameError as exc:
            raise HistoryError(venue=self._feed.name, reason=exc) from exc
        return sorted((trade for trade in trades if number_of(trade) > after.number), key=number_of)

    def _get(self, address: str) -> tuple[int, bytes]:
        try:
            answer = self._client.get(address)
        except httpx.HTTPError as exc:
            raise HistoryError(venue=self._feed.name, reason=type(exc).__name__) from exc
        return answer.status_code, answer.content

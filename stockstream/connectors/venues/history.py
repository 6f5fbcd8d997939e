"""A venue's earlier trades, page by page over HTTP."""

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

import httpx

from stockstream.connectors.venues.timing import SPEAK_EVERY, Timing
from stockstream.errors import BadFrameError, HistoryError, HistoryRefusedError
from stockstream.market.venues import Feed

GOOD = 200
LATER = (408, 418, 425, 429)  # too many requests, in several variants
REFUSED = range(400, 500)

Content = TypeVar("Content")

log = logging.getLogger("producer")


class History:
    """Requests pages."""

    def __init__(self, feed: Feed, timing: Timing, timeout: float = 5.0) -> None:
        """Create a client; `timeout` is in seconds, for connecting and for each silence in an answer."""
        self._feed = feed
        self._timing = timing
        self._client = httpx.Client(
            headers=dict(feed.headers) | {"User-Agent": "stockstream"}, timeout=timeout
        )

    async def read(self, address: str, parse: Callable[[bytes], Content]) -> Content:
        """Return the content of a page; if the venue does not answer now, try again for as long as it takes.

        Raises:
            HistoryRefusedError: the venue refuses this request.
        """
        waits, spoken = self._timing.waits(), 0.0
        while True:
            try:
                return await self._try(address, parse)
            except HistoryError as exc:
                now = asyncio.get_running_loop().time()
                if now - spoken > SPEAK_EVERY:
                    log.warning("%s", exc)
                    spoken = now
                await asyncio.sleep(next(waits))

    async def _try(self, address: str, parse: Callable[[bytes], Content]) -> Content:
        status, body = await asyncio.to_thread(self._get, address)
        if status in REFUSED and status not in LATER:
            raise HistoryRefusedError(venue=self._feed.name, reason=f"HTTP {status}")
        if status != GOOD:
            raise HistoryError(venue=self._feed.name, reason=f"HTTP {status}")
        try:
            return parse(body)
        except BadFrameError as exc:
            raise HistoryError(venue=self._feed.name, reason=exc) from exc

    def _get(self, address: str) -> tuple[int, bytes]:
        try:
            answer = self._client.get(address)
        except httpx.HTTPError as exc:
            raise HistoryError(venue=self._feed.name, reason=type(exc).__name__) from exc
        return answer.status_code, answer.content

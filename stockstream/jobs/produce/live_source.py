"""A live feed as a source of messages, with its feed positions."""

import asyncio
import queue
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Event, Thread

from stockstream.connectors.kafka.sink import Messages
from stockstream.connectors.venues import Stream
from stockstream.jobs.produce.live_gaps import GapKeeper
from stockstream.market.trade.codec import encode
from stockstream.market.trade.schema import Trade
from stockstream.market.venues import FeedPosition, Gap, Reached, reached

LONGEST_WAIT = 0.25  # seconds, so that the loop can show its progress
BETWEEN_KEEPS = 2.0
WAITING = 20_000  # trades between the stream and the sink; when full, the stream waits
RETRY = 0.01
NONE = Messages((), ())

Keep = Callable[[dict[str, FeedPosition]], None]
Open = Callable[[Callable[[Gap], object]], tuple[Stream, Reached]]


class LiveSource:
    """Returns a stream's trades as they arrive; the stream runs in its own thread.

    Order of effects: a gap before a trade is stored, the trade is returned, the broker acknowledges it, its
    feed position is stored. A crash between any two leaves the position behind, and the topic provides the
    rest at the next start.
    """

    resumes = True

    def __init__(self, open_stream: Open, open_gaps: Callable[[], GapKeeper], keep: Keep) -> None:
        """Prepare the source; the stream is opened when the first messages are requested.

        Args:
            open_stream: opens the stream, and what follows the trades that are acknowledged; its argument
                is called with each gap.
            open_gaps: opens the storage for gaps.
            keep: called now and then with the acknowledged feed positions of all symbols.
        """
        self._open = open_stream
        self._open_gaps = open_gaps
        self._keep = keep
        self._trades: queue.Queue[Trade] = queue.Queue(WAITING)
        self._thread: Thread | None = None
        self._gaps: GapKeeper | None = None
        self.stream: Stream | None = None
        self._last_error: Exception | None = None
        self._ended = Event()
        self._given: list[Trade] = []
        self._acknowledged = reached({}, is_numbered=True)
        self._is_kept = True
        self._kept_at = time.monotonic()

    def next_messages(self, most: int, stop: Event) -> Messages:
        """Return up to `most` trades that have arrived; none if none arrives soon.

        Raises:
            StockstreamError: the stream cannot continue.
        """
        if self._thread is None:
            self._gaps = self._gaps or self._open_gaps()
            self.stream, self._acknowledged = self._open(self._gaps.note)
            self._thread = Thread(target=self._listen, args=(self.stream,), daemon=True)
            self._thread.start()
        trades = self._come(most)
        if not trades and self._last_error:
            raise self._last_error
        del stop  # it is checked between calls, which are short
        self._given += trades
        return Messages([trade.symbol.encode() for trade in trades], list(map(encode, trades)))

    def settled(self) -> None:
        """Record that everything returned so far is acknowledged."""
        # A correction says nothing of how far the trades have come.
        for trade in (each for each in self._given if each.corrects is None):
            self._acknowledged.add(trade.symbol, trade.trade_id, trade.timestamp)
        self._is_kept = self._is_kept and not self._given
        self._given.clear()
        if time.monotonic() - self._kept_at > BETWEEN_KEEPS:
            self._keep_now()

    def close(self) -> None:
        """End the stream, and store the feed positions and the gaps."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        self._keep_now()
        if self._gaps is not None:
            self._gaps.close()

    def _keep_now(self) -> None:
        if not self._is_kept:
            self._keep(self._acknowledged.positions())
            self._is_kept = True
        self._kept_at = time.monotonic()

    def _come(self, most: int) -> list[Trade]:
        trades: list[Trade] = []
        with suppress(queue.Empty):
            trades.append(self._trades.get(timeout=LONGEST_WAIT))
            while len(trades) < most:
                trades.append(self._trades.get_nowait())
        return trades

    def _listen(self, stream: Stream) -> None:
        try:
            asyncio.run(self._until_ended(stream))
        except Exception as exc:  # noqa: BLE001 - raised again where the messages are requested
            self._last_error = exc

    async def _until_ended(self, stream: Stream) -> None:
        listening = asyncio.create_task(stream.run(self._give))
        while not self._ended.is_set() and not listening.done():
            await asyncio.wait([listening], timeout=LONGEST_WAIT)
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening

    async def _give(self, trades: Sequence[Trade]) -> None:
        for trade in trades:
            while self._trades.full():  # noqa: ASYNC110 - the other end is a thread, not a task
                await asyncio.sleep(RETRY)
            self._trades.put_nowait(trade)

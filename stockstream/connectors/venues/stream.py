"""A venue's stream, whole: reconnected when it breaks or falls silent, and filled where it skipped."""

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from stockstream.connectors.venues.following import Following, Give
from stockstream.connectors.venues.progress import Note
from stockstream.connectors.venues.timing import Timing
from stockstream.errors import BadFrameError, FeedBlockedError, FeedRefusedError
from stockstream.market.venues import Feed, FeedPosition

BLOCKED = (403, 451)
# A refusal that names no symbol and ends this many short connections in a row will come again.
MOST_REFUSALS = 3
SHORT = 60.0  # seconds
WAITING_FRAMES = 4096  # kept while a gap is filled; then the venue waits
SPEAK_EVERY = 30.0

log = logging.getLogger("producer")
_quiet = logging.getLogger("stockstream.websockets")
_quiet.setLevel(logging.ERROR)


class Stream:
    """Gives each trade of some symbols once, in order of their numbers, from the places on.

    What was missed comes from the venue's pages, of all symbols in order of time. A symbol without a place
    begins with the first trade that the stream tells. Trades that the venue numbers and does not give, by
    stream or page, are told and counted in `missing`.
    """

    def __init__(
        self,
        feed: Feed,
        symbols: Sequence[str],
        positions: Mapping[str, FeedPosition],
        timing: Timing | None = None,
        note: Note = bool,
    ) -> None:
        """Prepare.

        Args:
            places: how far each symbol is produced already.
            note: told of each gap before the trade after it is given.
        """
        self._feed = feed
        self._symbols = tuple(symbols)
        self._timing = timing or Timing()
        self._following = Following(feed, positions, self._timing, note)
        self._heard = False
        self._trusted = False
        self._refusals = Counter[str]()
        self._quiet = set(symbols)
        self._began = self._connected_at = 0.0
        self._spoken = ("", 0.0)
        self.garbage = 0
        self.connections = 0

    @property
    def missing(self) -> int:
        """How many trades the venue has numbered and not given."""
        return self._following.progress.missing

    async def run(self, give: Give) -> None:
        """Hand trades to `give` for ever; waiting for it holds the venue back.

        Raises:
            FeedRefusedError: the venue does not know a symbol, or will not have us.
            FeedBlockedError: the venue does not serve this place.
        """
        self._following.give = give
        self._began = asyncio.get_running_loop().time()
        while True:
            await self._listen_to(self._symbols)

    async def _listen_to(self, symbols: Sequence[str]) -> None:
        """Connect again and again, until these are no longer the symbols that are wanted."""
        waits = self._timing.waits()
        async for connection in connect(
            self._feed.address(symbols),
            process_exception=self._judge,
            reconnect_delays=self._timing.waits,
            logger=_quiet,
            max_queue=WAITING_FRAMES,
            close_timeout=1,
        ):
            self.connections += 1
            self._heard, self._spoken = False, ("", 0.0)
            self._connected_at = asyncio.get_running_loop().time()
            self._following.progress.connected()
            log.info("connected to %s: %s", self._feed.name, ", ".join(symbols))
            await self._converse(connection)
            if self._symbols != symbols:
                # Left in the middle, it would be closed as after a fault of ours.
                await connection.close()
                return
            # A venue that hangs up or refuses at once must not be called without a pause.
            waits = self._timing.waits() if self._heard and not self._refusals else waits
            await asyncio.sleep(next(waits))

    def _judge(self, exc: Exception) -> Exception | None:
        """Return an error that no new try will mend; None for another try."""
        status = exc.response.status_code if isinstance(exc, InvalidStatus) else None
        if status in BLOCKED:
            return FeedBlockedError(venue=self._feed.name, status=status)
        if isinstance(exc, (FeedRefusedError, FeedBlockedError)):
            return exc
        reason = f"HTTP {status}" if status else str(exc) or type(exc).__name__
        self._tell_of_silence(reason)
        return None

    def _tell_of_silence(self, reason: str) -> None:
        """Say why there is no connection: at once, when it becomes another thing, and every half minute."""
        before, when = self._spoken
        now = asyncio.get_running_loop().time()
        if reason != before or now - when >= SPEAK_EVERY:
            log.warning("cannot connect to %s (%s); trying again", self._feed.name, reason)
            self._spoken = (reason, now)

    async def _converse(self, connection: ClientConnection) -> None:
        """Listen until the connection breaks or falls silent."""
        try:
            for greeting in self._feed.greetings(self._symbols):
                await connection.send(greeting)
            await self._following.catch_up(self._symbols)
            while True:
                await self._hear(await self._next(connection))
                self._suspect_quiet_symbols()
        except FeedRefusedError as exc:
            self._heed_refusal(exc)
            return
        except ConnectionClosed as exc:
            reason = f"closed, {exc.rcvd.code}" if exc.rcvd else "cut"
        except TimeoutError:
            reason = f"silent for {self._feed.silence:g} s"
        self._refusals.clear()
        self._suspect_quiet_symbols()
        log.warning("connection to %s is over (%s); connecting again", self._feed.name, reason)

    def _heed_refusal(self, refusal: FeedRefusedError) -> None:
        """Go on without the symbols that are refused, or try again, unless that will not help.

        Raises:
            FeedRefusedError: nothing is left to listen to, or no trade or no new try makes a difference.
        """
        reason = str(refusal.facts["reason"])
        refused = [symbol for symbol in self._symbols if _names(reason, symbol)]
        for symbol in refused:
            self._following.progress.leave(symbol, reason)
        if refused and len(refused) < len(self._symbols):
            self._symbols = tuple(symbol for symbol in self._symbols if symbol not in refused)
            self._quiet -= set(refused)
            words = self._feed.name, ", ".join(refused), reason
            log.warning("%s refuses %s (%s); going on without it", *words)
            return
        if asyncio.get_running_loop().time() - self._connected_at > SHORT:
            self._refusals.clear()
        self._refusals[reason] += 1
        if refused or not self._trusted or self._refusals[reason] == MOST_REFUSALS:
            raise refusal
        log.warning("connection to %s is over (%s); connecting again", self._feed.name, reason)

    def _suspect_quiet_symbols(self) -> None:
        """Say once of each symbol without a trade that the venue may not know it: some never say so."""
        if self._quiet and asyncio.get_running_loop().time() - self._began > self._timing.quiet:
            log.warning(
                "no trade of %s from %s for %g s: nobody trades there, or the venue does not know the symbol",
                *(", ".join(sorted(self._quiet)), self._feed.name, self._timing.quiet),
            )
            self._quiet.clear()

    async def _next(self, connection: ClientConnection) -> str | bytes:
        # Not wait_for, which before Python 3.12 may swallow a cancellation.
        async with asyncio.timeout(self._feed.silence):
            return await connection.recv()

    async def _hear(self, said: str | bytes) -> None:
        try:
            frame = self._feed.parse(said)
        except BadFrameError as exc:
            # If it was a trade, the next one's number will tell.
            self.garbage += 1
            log.warning("%s; passed over, %s so far", exc, f"{self.garbage:,}")
            return
        self._heard = True
        self._trusted = self._trusted or bool(frame.trades)
        self._quiet.difference_update(trade.symbol for trade in frame.trades)
        await self._following.hear(frame)


def _names(reason: str, symbol: str) -> bool:
    """Tell whether a venue's words name a symbol, and not one that it is a part of.

    >>> _names("Currency pair not supported XBT/USD", "XBT/USD"), _names("no BTC-USDT", "BTC-USD")
    (True, False)
    """
    return re.search(rf"(?<![\w/-]){re.escape(symbol)}(?![\w/-])", reason) is not None

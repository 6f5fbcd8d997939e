"""A venue's complete stream: it reconnects after breaks and silence, and fills in what was skipped."""

import asyncio
import logging
from collections.abc import Mapping, Sequence

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from stockstream.connectors.venues.following import Following, FollowingByNumber, Give
from stockstream.connectors.venues.following_by_time import FollowingByTime
from stockstream.connectors.venues.progress import Note
from stockstream.connectors.venues.quiet import QuietSymbols
from stockstream.connectors.venues.refusals import Refusals, refused_symbols
from stockstream.connectors.venues.timing import SPEAK_EVERY, Timing
from stockstream.errors import BadFrameError, FeedBlockedError, FeedBusyError, FeedRefusedError
from stockstream.market.venues import Feed, FeedPosition, key_error, without

KEY_REFUSED = (401, 403)
BLOCKED = (403, 451)
WAITING_FRAMES = 4096  # buffered while a gap is filled; then the venue waits

log = logging.getLogger("producer")
_quiet = logging.getLogger("stockstream.websockets")
_quiet.setLevel(logging.ERROR)


class Stream:
    """Gives each trade of some symbols once, in the order of their numbers, after the given positions.

    Missed trades come from the venue's pages, of all symbols in order of time. A symbol without a position
    begins with the first trade in the stream. Trades that the venue numbers but does not provide, by stream
    or page, are reported and counted in `missing`.
    """

    def __init__(
        self,
        feed: Feed,
        symbols: Sequence[str],
        positions: Mapping[str, FeedPosition],
        timing: Timing | None = None,
        note: Note = bool,
    ) -> None:
        """Create a stream without connecting.

        Args:
            feed: the venue's protocol.
            symbols: the symbols to receive.
            positions: how far each symbol has been produced.
            timing: how long to wait; by default that of `Timing`.
            note: called with each gap before the trade after it is given.
        """
        self._feed = feed
        self._symbols = tuple(symbols)
        self._timing = timing or Timing()
        follow = FollowingByNumber if feed.is_numbered else FollowingByTime
        self._following: Following = follow(feed, positions, self._timing, note)
        self._heard = self._is_welcome = False
        self._refusals = Refusals()
        self._quiet = QuietSymbols(feed.name, symbols, self._timing.quiet)
        self._began = self._connected_at = 0.0
        self._spoken = ("", 0.0)
        self.garbage = 0
        self.connections = 0

    @property
    def missing(self) -> int:
        """How many trades the venue has numbered but not provided."""
        return self._following.progress.missing

    async def run(self, give: Give) -> None:
        """Pass trades to `give` forever; waiting for it slows the venue down.

        Raises:
            FeedRefusedError: the venue does not know a symbol, or refuses the connection.
            FeedBlockedError: the venue does not serve this location.
        """
        self._following.give = give
        self._began = asyncio.get_running_loop().time()
        while True:
            await self._listen_to(self._symbols)

    async def _listen_to(self, symbols: Sequence[str]) -> None:
        """Connect again and again, until other symbols are wanted."""
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
            self._heard, self._is_welcome, self._spoken = False, not self._feed.login, ("", 0.0)
            self._connected_at = asyncio.get_running_loop().time()
            self._following.connected()
            log.info("connected to %s: %s", self._feed.name, ", ".join(symbols))
            await self._converse(connection)
            if self._symbols != symbols:
                # Without this, the connection would be closed as after an error.
                await connection.close()
                return
            # A venue that hangs up or refuses at once must not be called without a pause.
            waits = self._timing.waits() if self._heard and not self._refusals else waits
            await asyncio.sleep(next(waits))

    def _judge(self, exc: Exception) -> Exception | None:
        """Return an error that retrying cannot resolve, or None to try again."""
        status = exc.response.status_code if isinstance(exc, InvalidStatus) else None
        if self._feed.secrets and status in KEY_REFUSED:
            return key_error(self._feed.name, self._feed.settings, f"HTTP {status}")
        if status in BLOCKED:
            return FeedBlockedError(venue=self._feed.name, status=status)
        if isinstance(exc, (FeedRefusedError, FeedBlockedError)):
            return exc
        reason = f"HTTP {status}" if status else str(exc) or type(exc).__name__
        self._tell_of_silence(without(reason, self._feed.secrets))
        return None

    def _tell_of_silence(self, reason: str) -> None:
        """Log why there is no connection: at once, when the reason changes, and every half minute."""
        before, when = self._spoken
        now = asyncio.get_running_loop().time()
        if reason != before or now - when >= SPEAK_EVERY:
            log.warning("cannot connect to %s (%s); trying again", self._feed.name, reason)
            self._spoken = (reason, now)

    async def _converse(self, connection: ClientConnection) -> None:
        """Listen until the connection breaks or falls silent."""
        try:
            if self._feed.login:
                await connection.send(self._feed.login)
            else:
                await self._subscribe(connection)
            while True:
                if await self._hear(await self._next(connection)):
                    await self._subscribe(connection)
                self._suspect_quiet_symbols()
        except FeedRefusedError as exc:
            self._heed_refusal(exc)
            return
        except FeedBusyError as exc:
            self._heard, reason = False, str(exc.facts["reason"])
        except ConnectionClosed as exc:
            reason = f"closed, {exc.rcvd.code}" if exc.rcvd else "cut"
            if self._feed.secrets and not self._heard:
                reason += "; does another process use the key?"
        except TimeoutError:
            reason = f"silent for {self._feed.silence:g} s"
        self._refusals.clear()
        self._suspect_quiet_symbols()
        log.warning("connection to %s is over (%s); connecting again", self._feed.name, reason)

    async def _subscribe(self, connection: ClientConnection) -> None:
        self._is_welcome = True
        for greeting in self._feed.greetings(self._symbols):
            await connection.send(greeting)
        await self._following.catch_up(self._symbols)

    def _heed_refusal(self, refusal: FeedRefusedError) -> None:
        """Continue without the refused symbols, or try again, unless that is pointless.

        Raises:
            FeedRefusedError: no symbol is left, or trying again cannot help.
        """
        reason = str(refusal.facts["reason"])
        refused = refused_symbols(refusal, self._symbols)
        for symbol in refused:
            self._following.progress.leave(symbol, reason)
        if refused and len(refused) < len(self._symbols):
            self._symbols = tuple(symbol for symbol in self._symbols if symbol not in refused)
            self._quiet.clear(refused)
            words = self._feed.name, ", ".join(refused), reason
            log.warning("%s refuses %s (%s); going on without it", *words)
            return
        lasted = asyncio.get_running_loop().time() - self._connected_at
        if self._refusals.add(refusal, lasted, is_welcome=self._is_welcome) or refused:
            raise refusal
        log.warning("connection to %s is over (%s); connecting again", self._feed.name, reason)

    def _suspect_quiet_symbols(self) -> None:
        self._quiet.suspect(asyncio.get_running_loop().time() - self._began)

    async def _next(self, connection: ClientConnection) -> str | bytes:
        # Not wait_for, which before Python 3.12 may swallow a cancellation.
        async with asyncio.timeout(self._feed.silence):
            return await connection.recv()

    async def _hear(self, said: str | bytes) -> bool:
        """Give the trades of a frame; return whether the venue now waits for the subscription."""
        try:
            frame = self._feed.parse(said)
        except BadFrameError as exc:
            self.garbage += 1
            self._following.doubt()
            log.warning("%s; passed over, %s so far", exc, f"{self.garbage:,}")
            return False
        # With a key, what comes before a login or instead of trades is no reason to call again at once.
        self._heard |= bool(frame.trades) or frame.is_welcome or not self._feed.secrets
        self._refusals.is_trusted |= bool(frame.trades)
        self._quiet.clear(trade.symbol for trade in frame.trades)
        await self._following.hear(frame)
        if frame.corrections:
            # They have no part in the order of the trades: each goes behind the trade that it changes, which
            # may have been missed.
            await self._following.catch_up({trade.symbol for trade in frame.corrections})
            await self._following.give(frame.corrections)
        return frame.is_welcome

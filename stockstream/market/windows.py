"""Tumbling event-time windows: trades in, candles out.

A window is [start, start + width), a minute unless asked otherwise, aligned to 1970, exact to the
microsecond. Nothing here has a clock: `now` is an argument, and all times are microseconds since 1970.

**Closing.** A candle is final when the watermark of its symbol (see `windows_watermarks`) reaches its
window's end. So a partition that is ahead closes nobody else's window, and one that is behind or
empty holds none open. A late trade up to `lateness` after that restates the candle. Then its trades
are forgotten, and what comes later is handed out as `LateTrade`. Whether a trade is late depends on
the trades before it in its partition, not on how they were cut into batches (except for a symbol that
several partitions carry).

**Silence.** A partition is quiet when all of it has been read and nothing came for `idle`. The
candles of its symbols turn final when their minute is over by `now`, too. Silence closes a candle,
but makes no trade late: the watermark stays, and a trade that comes after all restates the candle. So
a slow replay of an old day is never cut off by the clock of today. Only after `patience` (an hour) of
silence are such windows given up, so that a restart need not read back further than the topic goes.

**Far ahead.** A trade more than `skew` ahead of `now` counts in its minute and moves no watermark. It
is handed out to be kept and comes back with the mark, so a restart need not read back to it either.

**Repeats.** A trade whose (source, trade_id) was counted for its symbol, in any window still held,
is not counted again. One whose window is gone is handed out as late, and the tape says whether it is
a repeat. What neither can see is a repeat that carries another event time than the first, in another
window, after the first one's window is gone: such a trade counts in both.

**Restart.** The marks of a checkpoint are what must be kept. Held again, windows that were held are
built anew, those that were gone are left alone, and no trade is late that was read before. Until a
partition is back where it stood, the candles of its symbols are not given out.

**Holes.** Where the topic has dropped what a restart would read back to, the windows that were held cannot
be built again. What is stored of them stays and is final, and what still comes for them is late.

A symbol should be in one partition, as it is when messages are keyed by it. One in several partitions
is put together as long as one process reads them all.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from decimal import localcontext

import numpy as np

from stockstream.market.candle import EXACT, Candle
from stockstream.market.trade import Trade
from stockstream.market.windows_arrays import EARLY, LATE, NOT_SHARED, Bounds
from stockstream.market.windows_checkpoint import Checkpoint, LateTrade, Mark
from stockstream.market.windows_columns import Columns, Naming, columns_of
from stockstream.market.windows_frame import MINUTE, SECOND
from stockstream.market.windows_held import HeldWindows
from stockstream.market.windows_meetings import Meetings
from stockstream.market.windows_names import Names
from stockstream.market.windows_watermarks import Watermarks


class Windows:
    """The windows that are held, over all partitions that this process reads."""

    def __init__(
        self,
        *,
        width: int = MINUTE,
        lateness: int = 5 * SECOND,
        skew: int = 60 * SECOND,
        idle: int = 3 * SECOND,
        patience: int = 3_600 * SECOND,
    ) -> None:
        """Start without partitions; the arguments are in microseconds, see above."""
        self.naming = Naming(Names(), Names())
        self._width = width
        self._lateness = lateness
        self._skew = skew
        self._idle = idle
        self._patience = patience
        self._watermarks = Watermarks()
        self._held = HeldWindows(self.naming)
        self._meetings = Meetings()
        self._late: list[LateTrade] = []
        self._early: dict[int, list[tuple[int, Trade]]] = defaultdict(list)
        self._given_up: dict[int, int] = {}
        self._restated = 0

    @property
    def partitions(self) -> frozenset[int]:
        """The partitions that are held."""
        return self._watermarks.partitions

    @property
    def held(self) -> int:
        """How many windows are held: those that form, and those that may still be restated."""
        return len(self._held)

    def hold(self, partition: int, mark: Mark, now: int) -> None:
        """Take a partition on where `mark` left it; what was held of it before is let go."""
        self.release(partition)
        self._watermarks.hold(partition, mark, now)
        offsets, early = [offset for offset, _ in mark.early], [trade for _, trade in mark.early]
        trades = columns_of(early, partition, offsets, self.naming)
        self._held.count(trades, self._bounds(now, are_kept=True))

    def release(self, partition: int) -> None:
        """Let a partition go, with all that its trades gave to windows."""
        self._watermarks.release(partition)
        self._meetings.forget(partition)
        self._early.pop(partition, None)
        self._given_up.pop(partition, None)
        self._late = [trade for trade in self._late if trade.partition != partition]
        self._held.release(partition)

    def add(
        self,
        trades: Columns,
        spans: Mapping[int, tuple[int, int]],
        now: int,
        silent: Collection[int] = (),
    ) -> None:
        """Add trades; with them, each partition was read from one offset to another (excluded).

        Args:
            silent: the partitions whose offsets held no message at all.
        """
        self._pass_holes(spans)
        for partition, symbol in self._meetings.new(trades.rows.partitions, trades.rows.symbols):
            self._watermarks.meet(partition, self.naming.symbols[symbol])
        bounds = self._bounds(now)
        fates = self._held.count(trades, bounds)
        for row in np.flatnonzero(fates & LATE).tolist():
            self._late.append(self._late_trade(trades, row))
        for row in np.flatnonzero(fates & EARLY).tolist():
            place = int(trades.rows.offsets[row]), trades.trade(row)
            self._early[int(trades.rows.partitions[row])].append(place)
        for partition, (_, end) in spans.items():
            self._watermarks.has_read(partition, end, int(bounds.watermarks[partition]))
            if partition not in silent:
                self._watermarks.has_heard(partition, now)

    def checkpoint(self, now: int, caught_up: Collection[int], *, ended: bool = False) -> Checkpoint:
        """Return what has changed since the last checkpoint, and forget the windows that are passed.

        Args:
            now: the time.
            caught_up: the partitions that have nothing left to read.
            ended: nothing more will come: partitions that have nothing left to read are quiet at once.
        """
        self._give_up(self._watermarks.quiet(caught_up, now - self._patience), now - self._patience)
        silent_since = now if ended else now - self._idle
        quiet = self._watermarks.quiet(caught_up, silent_since)
        self._held.note_changes()
        closed: dict[str, int] = {}
        with localcontext(EXACT):
            candles = [
                found
                for symbol in self._held.symbols
                for found in self._settle(symbol, quiet, silent_since, closed)
            ]
        self._held.sweep()
        late, self._late = self._late, []
        given_up, self._given_up = self._given_up, {}
        restated, self._restated = self._restated, 0
        return Checkpoint(candles, late, self._marks(), closed, given_up, restated)

    def _marks(self) -> dict[int, Mark]:
        """Return where each partition stands, with the early trades that are to be kept."""
        marks = self._watermarks.marks(self._held.first_offsets())
        early, self._early = self._early, defaultdict(list)
        return marks | {partition: replace(marks[partition], early=kept) for partition, kept in early.items()}

    def _pass_holes(self, spans: Mapping[int, tuple[int, int]]) -> None:
        """Leave windows alone that cannot be built again, because their trades are gone from the topic."""
        for partition, (begin, _) in spans.items():
            reached = self._watermarks.hole_before(partition, begin)
            if reached is not None:
                end = (reached + self._skew) // self._width * self._width + self._width
                self._watermarks.pass_by(partition, end + self._lateness)
                self._given_up[partition] = end

    def _bounds(self, now: int, *, are_kept: bool = False) -> Bounds:
        watermarks, next_offsets = self._watermarks.reached()
        several = [
            (self.naming.symbols.number(symbol), passed)
            for symbol, passed in self._watermarks.shared().items()
        ]
        shared = np.full(len(self.naming.symbols), NOT_SHARED, np.int64)
        for number, passed in several:
            shared[number] = passed
        times = np.array([now, self._skew, self._width, self._lateness, are_kept], np.int64)
        return Bounds(watermarks, next_offsets, shared, times)

    def _give_up(self, partitions: Collection[int], before: int) -> None:
        """Let partitions that were quiet for very long pass the windows they hold."""
        for partition, start in self._held.starts() if partitions else ():
            if partition in partitions and start + self._width <= before:
                self._watermarks.pass_by(partition, start + self._width + self._lateness)

    def _settle(
        self, symbol: str, quiet: frozenset[int], silent_since: int, all_closed: dict[str, int]
    ) -> Iterator[Candle]:
        """Give the changed candles of a symbol and forget its windows that are passed."""
        carriers = self._watermarks.carriers(symbol)
        if not all(map(self._watermarks.is_back, carriers)):
            return
        passed = self._watermarks.passed(symbol, quiet)
        closed = max(passed, silent_since) if carriers <= quiet else passed
        all_closed[symbol] = closed
        for start, window in self._held.of(symbol):
            self._restated += window.is_final and window.is_changed
            if start + self._width <= closed and not window.is_final:
                window.is_final = window.is_changed = True
            if window.is_changed:
                window.is_changed = False
                yield self._held.candle(symbol, start, window)
            if start + self._width + self._lateness <= passed:
                self._held.forget(symbol, start)
        self._watermarks.keep(symbol, passed)

    def _late_trade(self, trades: Columns, row: int) -> LateTrade:
        trade, rows = trades.trade(row), trades.rows
        start = int(rows.times[row]) // self._width * self._width
        place = int(rows.partitions[row]), int(rows.offsets[row])
        return LateTrade(*place, trade.symbol, start, trade.source, trade.trade_id)

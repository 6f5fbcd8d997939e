"""Tumbling event-time windows of a minute: trades in, candles out.

A window is [start, start + 60 s), aligned to 1970, exact to the microsecond. Nothing here has a
clock: `now` is an argument, and all times are microseconds since 1970.

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

A symbol should be in one partition, as it is when messages are keyed by it. One in several partitions
is put together as long as one process reads them all.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from decimal import localcontext

import numpy as np
from numpy.typing import NDArray

from stockstream.market.candle import EXACT, Candle, Part, candle
from stockstream.market.windows_checkpoint import Checkpoint, LateTrade, Mark
from stockstream.market.windows_columns import Columns, joined
from stockstream.market.windows_watermarks import Times, Watermarks

SECOND = 1_000_000
MINUTE = 60 * SECOND


@dataclass
class _Window:
    """A minute of a symbol, with a part for each partition that gave trades."""

    parts: dict[int, Part] = field(default_factory=dict)
    is_final: bool = False
    is_changed: bool = False


class Windows:
    """The windows that are held, over all partitions that this process reads."""

    def __init__(
        self,
        lateness: int = 5 * SECOND,
        skew: int = 60 * SECOND,
        idle: int = 3 * SECOND,
        patience: int = 3_600 * SECOND,
    ) -> None:
        """Start without partitions; the arguments are in microseconds, see above."""
        self._lateness = lateness
        self._idle = idle
        self._patience = patience
        self._watermarks = Watermarks(skew)
        self._windows: dict[str, dict[int, _Window]] = defaultdict(dict)
        self._late: list[LateTrade] = []
        self._early: dict[int, list[Columns]] = defaultdict(list)

    @property
    def partitions(self) -> frozenset[int]:
        """The partitions that are held."""
        return self._watermarks.partitions

    def hold(self, partition: int, mark: Mark, now: int) -> None:
        """Take a partition on where `mark` left it; what was held of it before is let go."""
        self.release(partition)
        self._watermarks.hold(partition, mark, now)
        passed = np.array([self._watermarks.passed(symbol) for symbol in mark.early.symbols], np.int64)
        gone = self._gone(passed, mark.early)
        self._count(partition, mark.early, np.flatnonzero(~gone).tolist(), kept=True)

    def release(self, partition: int) -> None:
        """Let a partition go, with all that its trades gave to windows."""
        self._watermarks.release(partition)
        self._early.pop(partition, None)
        self._late = [trade for trade in self._late if trade.partition != partition]
        for symbol, start, window in list(self._each()):
            window.parts.pop(partition, None)
            if not window.parts:
                self._forget(symbol, start)

    def add(self, partition: int, trades: Columns, end: int, now: int) -> None:
        """Add the trades of one partition, which has been read up to offset `end` (excluded)."""
        next_offset = self._watermarks.next_offset(partition)
        early = self._watermarks.early(partition, trades, now)
        gone = self._gone(self._watermarks.before_each(partition, trades, now), trades)
        late = [place for place in np.flatnonzero(gone).tolist() if trades.offsets[place] >= next_offset]
        if early:
            self._early[partition].append(trades.pick(early))
            self._count(partition, trades, early, kept=True)
            gone[early] = True
        self._count(partition, trades, np.flatnonzero(~gone).tolist())
        unknown = [place for place in late if self._uncounted(trades.symbols[place], [place], trades)]
        self._late += [_late_trade(partition, trades, place) for place in unknown]
        self._watermarks.has_read(partition, end, now)

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
        with localcontext(EXACT):
            candles = [
                found for symbol in list(self._windows) for found in self._settle(symbol, quiet, silent_since)
            ]
        late, self._late = self._late, []
        marks = self._watermarks.marks(self._first_offsets())
        for partition, early in self._early.items():
            marks[partition] = replace(marks[partition], early=joined(early))
        self._early.clear()
        return Checkpoint(candles, late, marks)

    def _gone(self, passed: Times, trades: Columns) -> NDArray[np.bool_]:
        """Tell of each trade whether its window is gone, by what had passed its symbol before it."""
        times = np.array(trades.times, np.int64)
        return np.asarray(passed >= times - times % MINUTE + MINUTE + self._lateness)

    def _give_up(self, partitions: Collection[int], before: int) -> None:
        """Let partitions that were quiet for very long pass the windows they hold."""
        for _, start, window in self._each():
            for partition in window.parts.keys() & partitions:
                if start + MINUTE <= before:
                    self._watermarks.pass_by(partition, start + MINUTE + self._lateness)

    def _uncounted(self, symbol: str, places: list[int], trades: Columns) -> list[int]:
        """Return the places of those trades that no window has counted, each trade once."""
        windows = self._windows.get(symbol, {}).values()
        counted = [part.keys for window in windows for part in window.parts.values()]
        keys = {trades.keys[place] for place in places}
        if len(keys) == len(places) and all(keys.isdisjoint(some) for some in counted):
            return places
        keys -= {key for some in counted for key in keys & some}
        first = {trades.keys[place]: place for place in reversed(places)}
        return sorted(first[key] for key in keys)

    def _count(self, partition: int, trades: Columns, places: list[int], *, kept: bool = False) -> None:
        """Count the trades at these places of the columns, unless they were counted."""
        by_symbol: dict[str, list[int]] = defaultdict(list)
        for place in places:
            by_symbol[trades.symbols[place]].append(place)
        with localcontext(EXACT):
            for symbol, its in by_symbol.items():
                for start, inside in _by_start(trades, self._uncounted(symbol, its, trades)).items():
                    window = self._windows[symbol].setdefault(start, _Window())
                    window.parts.setdefault(partition, Part(partition)).add(trades.pick(inside), kept=kept)
                    window.is_changed = True

    def _settle(self, symbol: str, quiet: frozenset[int], silent_since: int) -> Iterator[Candle]:
        """Give the changed candles of a symbol and forget its windows that are passed."""
        carriers = self._watermarks.carriers(symbol)
        if not all(map(self._watermarks.is_back, carriers)):
            return
        passed = self._watermarks.passed(symbol, quiet)
        closed = max(passed, silent_since) if carriers <= quiet else passed
        for start, window in sorted(self._windows[symbol].items()):
            if start + MINUTE <= closed and not window.is_final:
                window.is_final = window.is_changed = True
            if window.is_changed:
                window.is_changed = False
                yield candle(symbol, start, list(window.parts.values()), is_final=window.is_final)
            if start + MINUTE + self._lateness <= passed:
                self._forget(symbol, start)
        self._watermarks.keep(symbol, passed)

    def _first_offsets(self) -> dict[int, int]:
        first: dict[int, int] = {}
        for _, _, window in self._each():
            for partition, part in window.parts.items():
                first[partition] = min(first.get(partition, part.first_offset), part.first_offset)
        return first

    def _each(self) -> Iterator[tuple[str, int, _Window]]:
        for symbol, windows in self._windows.items():
            for start, window in windows.items():
                yield symbol, start, window

    def _forget(self, symbol: str, start: int) -> None:
        del self._windows[symbol][start]
        if not self._windows[symbol]:
            del self._windows[symbol]


def _by_start(trades: Columns, places: list[int]) -> dict[int, list[int]]:
    by_start: dict[int, list[int]] = defaultdict(list)
    for place in places:
        by_start[trades.times[place] // MINUTE * MINUTE].append(place)
    return by_start


def _late_trade(partition: int, trades: Columns, place: int) -> LateTrade:
    source, trade_id = trades.keys[place]
    start = trades.times[place] // MINUTE * MINUTE
    return LateTrade(partition, trades.offsets[place], trades.symbols[place], start, source, trade_id)

"""The windows that are held: which slots each has, and the candle that they come to."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import localcontext

import numpy as np

from stockstream.market import windows_arrays as arrays
from stockstream.market import windows_sums as sums
from stockstream.market.candle import EXACT, Candle, Part, candle, part_of_trade, part_of_words
from stockstream.market.windows_arrays import Bounds, Bytes
from stockstream.market.windows_columns import Columns, Naming
from stockstream.market.windows_ledger import Ledger


@dataclass
class Window:
    """A window of a symbol: the slots that its trades are in, and the trades that fit no slot."""

    slots: list[int] = field(default_factory=list)
    wide: dict[int, list[Part]] = field(default_factory=lambda: defaultdict(list))
    is_final: bool = False
    is_changed: bool = False


class HeldWindows:
    """Windows by symbol and start (microseconds since 1970), over all partitions."""

    def __init__(self, naming: Naming) -> None:
        """Start empty; `naming` is the one that trades come with."""
        self._naming = naming
        self._ledger = Ledger()
        self._registered = 0
        self._windows: dict[str, dict[int, Window]] = defaultdict(dict)

    def __len__(self) -> int:
        """Return the number of windows."""
        return sum(map(len, self._windows.values()))

    @property
    def symbols(self) -> list[str]:
        """The symbols that have windows."""
        return list(self._windows)

    def of(self, symbol: str) -> list[tuple[int, Window]]:
        """Return the windows of a symbol with their starts, in the order of time."""
        return sorted(self._windows[symbol].items(), key=lambda window: window[0])

    def count(self, trades: Columns, bounds: Bounds) -> Bytes:
        """Count trades, unless they were counted or are late; returns what became of each."""
        fates, slots = self._ledger.add(trades, bounds)
        for slot in range(self._registered, self._ledger.slots):
            self._window_of(slot).slots.append(slot)
        self._registered = self._ledger.slots
        for row in np.flatnonzero(fates & arrays.WIDE).tolist():
            rows = trades.rows
            place = int(rows.times[row]), int(rows.partitions[row]), int(rows.offsets[row])
            with localcontext(EXACT):
                self._window_of(slots[row]).wide[place[1]].append(part_of_trade(place, trades.trade(row)))
        return fates

    def note_changes(self) -> None:
        """Mark the windows that trades came to since this was called."""
        for slot in self._ledger.take_touched():
            self._window_of(slot).is_changed = True

    def candle(self, symbol: str, start: int, window: Window) -> Candle:
        """Return what a window comes to; within `EXACT`."""
        owners = self._ledger.owners
        words = [(int(owners[slot, arrays.PARTITION]), self._ledger.words(slot)) for slot in window.slots]
        parts = [part_of_words(partition, each) for partition, each in words if each[sums.COUNT]]
        parts += [part for wide in window.wide.values() for part in wide]
        return candle(symbol, start, parts, is_final=window.is_final)

    def forget(self, symbol: str, start: int) -> None:
        """Let a window go, with the ids of its trades."""
        self._ledger.forget(self._windows[symbol].pop(start).slots)
        if not self._windows[symbol]:
            del self._windows[symbol]

    def release(self, partition: int) -> None:
        """Let go of all that a partition's trades gave to windows."""
        owners = self._ledger.owners
        for symbol, start, window in list(self._each()):
            gone = [slot for slot in window.slots if owners[slot, arrays.PARTITION] == partition]
            self._ledger.forget(gone)
            window.slots = [slot for slot in window.slots if slot not in gone]
            window.wide.pop(partition, None)
            if not window.slots:
                self.forget(symbol, start)

    def sweep(self) -> None:
        """Make room, if much was forgotten."""
        moved = self._ledger.swept()
        if moved is not None:
            self._registered = self._ledger.slots
            for _, _, window in self._each():
                window.slots = moved[window.slots].tolist()

    def first_offsets(self) -> dict[int, int]:
        """Return, for each partition that windows are held of, the offset of the first trade in them."""
        return self._ledger.first_offsets()

    def starts(self) -> list[tuple[int, int]]:
        """Return the partition and the start of each part that is held."""
        owners = self._ledger.owners
        alive = owners[owners[:, arrays.ALIVE] == 1]
        return [(row[arrays.PARTITION], row[arrays.START]) for row in alive.tolist()]

    def _window_of(self, slot: int) -> Window:
        owner = self._ledger.owners[slot].tolist()
        symbol = self._naming.symbols[owner[arrays.SYMBOL]]
        return self._windows[symbol].setdefault(owner[arrays.START], Window())

    def _each(self) -> Iterator[tuple[str, int, Window]]:
        for symbol, windows in self._windows.items():
            for start, window in windows.items():
                yield symbol, start, window

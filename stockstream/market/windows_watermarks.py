"""Watermarks: how far event time has come, by partition and by symbol.

Each partition has its own watermark: the greatest event time read there so far, never beyond `now`.
A trade more than `skew` ahead of `now` does not move it. A symbol is passed by the watermark of the
partition that carries it; of several, by the lowest among those that are not quiet. What has passed a
symbol never goes back: where a second partition begins to carry it, the time reached till then is
kept, here and in the marks.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from stockstream.market.windows_arrays import Ints
from stockstream.market.windows_checkpoint import NEVER, Mark


@dataclass
class _Track:
    """A partition as it is read: `read_to` is below the mark's `next_offset` while it is rewound."""

    mark: Mark
    read_to: int
    watermark: int
    heard_at: int


class Watermarks:
    """How far event time has come; all times in microseconds since 1970."""

    def __init__(self) -> None:
        """Start without partitions."""
        self._tracks: dict[int, _Track] = {}
        self._carriers: dict[str, set[int]] = defaultdict(set)
        self._passed: dict[str, int] = {}
        self._shared: set[str] = set()
        self._unstored: dict[int, dict[str, int]] = defaultdict(dict)

    @property
    def partitions(self) -> frozenset[int]:
        """The partitions that are held."""
        return frozenset(self._tracks)

    def hold(self, partition: int, mark: Mark, now: int) -> None:
        """Take a partition on where `mark` left it."""
        self._tracks[partition] = _Track(mark, mark.rewind_offset, mark.watermark, now)
        for symbol, passed in mark.symbols.items():
            self._carriers[symbol].add(partition)
            self._raise(symbol, passed)
            self._shared |= {symbol} if self._is_shared(symbol) else set()

    def release(self, partition: int) -> None:
        """Let a partition go."""
        self._tracks.pop(partition, None)
        self._unstored.pop(partition, None)
        for symbol, carriers in list(self._carriers.items()):
            carriers.discard(partition)
            if not carriers:
                del self._carriers[symbol]
                self._passed.pop(symbol, None)
                self._shared.discard(symbol)

    def carriers(self, symbol: str) -> set[int]:
        """Return the partitions that carry a symbol."""
        return self._carriers[symbol]

    def is_back(self, partition: int) -> bool:
        """Whether a partition that was rewound has come back to where it stood."""
        track = self._tracks[partition]
        return track.read_to >= track.mark.next_offset

    def quiet(self, caught_up: Collection[int], since: int) -> frozenset[int]:
        """Return the partitions that have nothing left to read and gave nothing after `since`."""
        return frozenset(
            partition
            for partition, track in self._tracks.items()
            if partition in caught_up and track.heard_at <= since
        )

    def meet(self, partition: int, symbol: str) -> None:
        """Note that a partition carries a symbol, and how far the time had passed it elsewhere."""
        if partition not in self._carriers[symbol]:
            passed = self.passed(symbol)
            self._raise(symbol, passed)
            self._carriers[symbol].add(partition)
            self._unstored[partition][symbol] = passed
            self._shared |= {symbol} if self._is_shared(symbol) else set()

    def reached(self) -> tuple[Ints, Ints]:
        """Return, by partition number, the watermark and the offset below which trades were read before."""
        size = max(self._tracks, default=-1) + 1
        watermarks, next_offsets = np.full(size, NEVER, np.int64), np.zeros(size, np.int64)
        for partition, track in self._tracks.items():
            watermarks[partition] = track.watermark
            next_offsets[partition] = max(track.mark.next_offset, track.read_to)
        return watermarks, next_offsets

    def shared(self) -> dict[str, int]:
        """Return the time that has passed each symbol that several partitions carry."""
        return {symbol: self.passed(symbol) for symbol in self._shared}

    def hole_before(self, partition: int, begin: int) -> int | None:
        """Return the watermark if trades that were read once cannot be read again; reading goes on there."""
        track = self._tracks[partition]
        has_hole = track.read_to < min(begin, track.mark.next_offset)
        return track.watermark if has_hole else None

    def pass_by(self, partition: int, time: int) -> None:
        """Let a partition's watermark come to `time`, if it is not there yet."""
        track = self._tracks[partition]
        track.watermark = max(track.watermark, time)

    def has_read(self, partition: int, end: int, watermark: int) -> None:
        """Note that a partition has been read up to offset `end` (excluded), and where that brought it."""
        track = self._tracks[partition]
        track.read_to, track.watermark = end, watermark

    def has_heard(self, partition: int, now: int) -> None:
        """Note that a partition gave a message."""
        self._tracks[partition].heard_at = now

    def passed(self, symbol: str, quiet: Collection[int] = ()) -> int:
        """Return the time that has passed a symbol."""
        carriers = self._carriers[symbol]
        awake = [each for each in carriers if each not in quiet] or carriers
        lowest = min((self._tracks[each].watermark for each in awake), default=NEVER)
        return max(lowest, self._passed.get(symbol, NEVER))

    def keep(self, symbol: str, passed: int) -> None:
        """Keep what has passed a symbol, if the watermark of one partition does not tell it."""
        if self._is_shared(symbol) and self._raise(symbol, passed):
            self._unstored[min(self._carriers[symbol])][symbol] = passed

    def marks(self, first_offsets: dict[int, int]) -> dict[int, Mark]:
        """Return where each partition stands, with the symbols that are not stored yet.

        Args:
            first_offsets: for each partition that gave trades to windows that are held, the first one's.
        """
        for partition, track in self._tracks.items():
            if self.is_back(partition):
                rewind_offset = min(first_offsets.get(partition, track.read_to), track.read_to)
                track.mark = Mark(track.read_to, rewind_offset, track.watermark)
        return {
            partition: replace(track.mark, symbols=self._unstored.pop(partition, {}))
            for partition, track in self._tracks.items()
        }

    def _is_shared(self, symbol: str) -> bool:
        return len(self._carriers[symbol]) > 1 or symbol in self._passed

    def _raise(self, symbol: str, passed: int) -> bool:
        if passed <= self._passed.get(symbol, NEVER):
            return False
        self._passed[symbol] = passed
        self._shared.add(symbol)
        return True

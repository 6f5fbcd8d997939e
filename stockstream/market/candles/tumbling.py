"""Minutes of event time as they form: trades in, candles out.

The candles made here are fresh, and nearly always right; what cannot be known here (repeats, late trades)
the reconciler takes from the tape. Nothing here has a clock: `now` is an argument, and all times are
microseconds since 1970.

**Closing.** Each partition has a watermark: the highest event time read there, minus the allowed lateness. A
trade more than `skew` ahead of `now` does not raise it. A candle closes when the watermark of the partition
that brought its last trade reaches its end; or, if that partition has been read to its end and brought
nothing for `idle`, when its minute has been over by `now` for that long. A closed candle is returned once and
then discarded. A trade for a minute that the watermark has passed is left to the reconciler.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from stockstream.market.candles import sums
from stockstream.market.candles.candle import Candle, candle_of, words_of
from stockstream.market.candles.columns import Columns
from stockstream.market.candles.frame import MINUTE, SECOND

NEVER = -1
_FIRST_SLOTS = 256

Key = tuple[str, int]


@dataclass(frozen=True)
class Changes:
    """Changes to be stored together.

    Attributes:
        candles: the candles that changed since the last call, by symbol and start.
        next_offsets: by partition, where to continue reading.
        watermarks: by partition, `NEVER` before its first trade.
        late: how many trades arrived for minutes that had been passed.
    """

    candles: list[Candle] = field(default_factory=list)
    next_offsets: Mapping[int, int] = field(default_factory=dict)
    watermarks: Mapping[int, int] = field(default_factory=dict)
    late: int = 0


@dataclass
class _Partition:
    """The state of a partition that is read."""

    next_offset: int
    heard_at: int
    newest: int = NEVER


class Tumbling:
    """The open candles of all partitions that this process reads."""

    def __init__(self, *, lateness: int, skew: int = 60 * SECOND, idle: int = 3 * SECOND) -> None:
        """Start without partitions; the arguments are in microseconds."""
        self._lateness = lateness
        self._skew = skew
        self._idle = idle
        self._partitions: dict[int, _Partition] = {}
        self._words = sums.cleared(_FIRST_SLOTS)
        self._free = list(range(_FIRST_SLOTS))
        self._slots: dict[Key, int] = {}
        self._carriers: dict[Key, int] = {}
        self._changed: set[Key] = set()
        self._late = 0

    def __len__(self) -> int:
        """Return the number of open candles."""
        return len(self._slots)

    @property
    def partitions(self) -> frozenset[int]:
        """The partitions that are held."""
        return frozenset(self._partitions)

    def hold(self, partition: int, next_offset: int, candles: Iterable[Candle], now: int) -> None:
        """Take on a partition at an offset, with the open candles of its earlier trades."""
        self.release(partition)
        self._partitions[partition] = _Partition(next_offset, now)
        for candle in candles:
            key = candle.symbol, candle.start
            self._words[self._slot(key)] = words_of(candle)
            self._carriers[key] = partition
            self._changed.add(key)

    def release(self, partition: int) -> None:
        """Drop a partition, with the candles whose last trade it brought."""
        self._partitions.pop(partition, None)
        for key in [key for key, carrier in self._carriers.items() if carrier == partition]:
            self._forget(key)

    def add(
        self,
        columns: Columns,
        spans: Mapping[int, tuple[int, int]],
        now: int,
        silent: Collection[int] = (),
    ) -> None:
        """Add trades; with them, each partition was read from one offset to another (excluded).

        Args:
            columns: the trades.
            spans: by partition, the offsets that were read.
            now: the time.
            silent: the partitions whose offsets held no message at all.
        """
        self._count(columns)
        self._move_watermarks(columns, now)
        for partition, (_, end) in spans.items():
            self._partitions[partition].next_offset = end
            if partition not in silent:
                self._partitions[partition].heard_at = now

    def changes(self, now: int, caught_up: Collection[int], *, ended: bool = False) -> Changes:
        """Return what has changed since the last call, and discard closed candles.

        Args:
            now: the time.
            caught_up: the partitions that have nothing left to read.
            ended: nothing more will arrive: partitions that have nothing left to read are idle at once.
        """
        silent_since = now if ended else now - self._idle
        passed = {number: self._passed(number, caught_up, silent_since) for number in self._partitions}
        closed = {key for key, carrier in self._carriers.items() if key[1] + MINUTE <= passed[carrier]}
        candles = [self._candle(key, is_final=key in closed) for key in sorted(self._changed | closed)]
        for key in closed:
            self._forget(key)
        self._changed.clear()
        late, self._late = self._late, 0
        return Changes(
            candles,
            {number: each.next_offset for number, each in self._partitions.items()},
            {number: each.newest for number, each in self._partitions.items()},
            late,
        )

    def _count(self, columns: Columns) -> None:
        minutes = columns.trades.times // MINUTE
        # A pair of symbol and minute as one number.
        pairs, first, of_row = np.unique(
            columns.numbers << 32 | minutes, return_index=True, return_inverse=True
        )
        slots = np.full(len(pairs), -1, np.int64)
        for place, (pair, row) in enumerate(zip(pairs.tolist(), first.tolist(), strict=True)):
            partition = int(columns.partitions[row])
            key = columns.symbols[pair >> 32], (pair & 0xFFFF_FFFF) * MINUTE
            if key[1] + MINUTE + self._lateness > self._partitions[partition].newest:
                slots[place] = self._slot(key)
                self._carriers[key] = partition
                self._changed.add(key)
        of_row = slots[of_row]
        self._late += int(np.count_nonzero(of_row < 0))
        sums.add(columns.trades, of_row, self._words)

    def _move_watermarks(self, columns: Columns, now: int) -> None:
        believed = columns.trades.times <= now + self._skew
        for number in np.unique(columns.partitions).tolist():
            times = columns.trades.times[believed & (columns.partitions == number)]
            partition = self._partitions[number]
            partition.newest = max(partition.newest, int(times.max(initial=NEVER)))

    def _passed(self, number: int, caught_up: Collection[int], silent_since: int) -> int:
        """Return the time up to which a partition's candles are passed."""
        partition = self._partitions[number]
        is_quiet = number in caught_up and partition.heard_at <= silent_since
        watermark = partition.newest - self._lateness
        return max(watermark, silent_since) if is_quiet else watermark

    def _candle(self, key: Key, *, is_final: bool) -> Candle:
        return candle_of(*key, self._words[self._slots[key]].tolist(), is_final=is_final)

    def _slot(self, key: Key) -> int:
        """Return the slot of a candle, cleared if it is new."""
        if key not in self._slots:
            if not self._free:
                size = len(self._words)
                self._words = np.concatenate([self._words, sums.cleared(size)])
                self._free = list(range(size, 2 * size))
            self._slots[key] = self._free.pop()
        return self._slots[key]

    def _forget(self, key: Key) -> None:
        slot = self._slots.pop(key)
        self._words[slot] = sums.cleared(1)[0]
        self._free.append(slot)
        self._carriers.pop(key, None)
        self._changed.discard(key)

"""Alignment: partitions are read at their own pace, but their trades are released in order of time.

A symbol's pace is compared with the market's, so a trade is examined once everything that happened until
then has been read: the slowest partition with something left to read decides. A partition is not waited for
if it has been silent for SILENT seconds or has been read to its end. The latter is trusted for the next look
only, because messages that arrive in all partitions at once are not fetched from all of them at once.
"""

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from stockstream.connectors.kafka.batch import Batch
from stockstream.jobs.decoded_batch import decode_batch
from stockstream.market.trade.arrivals import SCHEMA, originals
from stockstream.market.trade.columns import micros

SILENT = 5.0
# A partition in which this many trades wait for the others is not read until they catch up.
AHEAD = 20_000


@dataclass
class ReleasedTrades:
    """Trades to examine now.

    Attributes:
        trades: rows of `arrivals.SCHEMA` by partition, in offset order.
        spans: for each partition that advanced, its first offset and its end (excluded).
    """

    trades: dict[int, pa.Table] = field(default_factory=dict)
    spans: dict[int, tuple[int, int]] = field(default_factory=dict)


@dataclass
class PartitionBuffer:
    """One partition: its waiting trades, and how far it has been read in offsets and in time."""

    heard: float
    begin: int = 0
    end: int = 0
    reached: float = -float("inf")
    held: pa.Table = field(default_factory=SCHEMA.empty_table)
    met: int = 0  # how many of the held trades were already held at the last look

    def add(self, trades: pa.Table) -> None:
        """Hold trades that come after all held ones."""
        self.held = pa.concat_tables([self.held, trades])
        self.reached = max(self.reached, micros(trades).max())

    def take(self, frontier: float, sure: float) -> pa.Table:
        """Remove and return trades met before up to `frontier`, and newer ones up to `sure`."""
        limits = np.where(np.arange(len(self.held)) < self.met, frontier, sure)
        late = np.flatnonzero(micros(self.held) > limits)
        count = int(late[0]) if len(late) else len(self.held)
        taken, self.held = self.held[:count], self.held[count:]
        self.met = len(self.held)
        self.begin = self.held["kafka_offset"][0].as_py() if self.met else self.end
        return taken


class Alignment:
    """Holds trades back until the other partitions have been read to the same time."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Create an empty alignment; `clock` returns monotonic seconds."""
        self._clock = clock
        self._lanes: dict[int, PartitionBuffer] = {}

    @property
    def holds(self) -> bool:
        """Whether any trade waits."""
        return any(len(lane.held) for lane in self._lanes.values())

    @property
    def ahead(self) -> frozenset[int]:
        """The partitions with AHEAD waiting trades or more, which need not be read now."""
        return frozenset(number for number, lane in self._lanes.items() if len(lane.held) >= AHEAD)

    def add(self, batch: Batch) -> None:
        """Add a batch; messages that are not trades only advance their partition."""
        now = self._clock()
        for partition, (begin, end) in batch.spans.items():
            lane = self._lanes.setdefault(partition, PartitionBuffer(now))
            if not len(lane.held):
                lane.begin = begin
            lane.heard, lane.end = now, end
        for partition, trades in _by_partition(batch):
            self._lanes[partition].add(trades)

    def drop(self, partition: int) -> None:
        """Discard what waits in a partition that will be read from another offset."""
        self._lanes.pop(partition, None)

    def let_through(self, reading: AbstractSet[int], caught_up: AbstractSet[int]) -> ReleasedTrades:
        """Return the trades that need not wait any longer.

        Args:
            reading: the partitions that are read; trades waiting in others belong to another process.
            caught_up: the partitions that have nothing left to read.
        """
        now = self._clock()
        self._lanes = {number: self._lanes.get(number) or PartitionBuffer(now) for number in reading}
        awaited = [
            lane.reached
            for number, lane in self._lanes.items()
            if number not in caught_up and now - lane.heard < SILENT
        ]
        released, frontier = ReleasedTrades(), min(awaited, default=float("inf"))
        sure = min((lane.reached for lane in self._lanes.values()), default=frontier)
        for number, lane in self._lanes.items():
            begin, taken = lane.begin, lane.take(frontier, sure)
            if len(taken):
                released.trades[number] = taken
            if lane.begin > begin:
                released.spans[number] = begin, lane.begin
        return released


def _by_partition(batch: Batch) -> Iterator[tuple[int, pa.Table]]:
    """Yield the trades of each partition that has any; dead letters are left to the consumer."""
    trades = originals(decode_batch(batch).trades)
    partitions = trades["kafka_partition"].to_numpy()
    for partition in np.unique(partitions).tolist():
        yield partition, trades.filter(pa.array(partitions == partition))

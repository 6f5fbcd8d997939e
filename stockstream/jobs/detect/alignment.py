"""Alignment: partitions are read at their own pace, and what they say is heard in the order of time.

A symbol's pace is held against the market's, so a trade is examined once all is read that happened until
then: the slowest partition with something left to read decides. One that has been silent for SILENT
seconds is not waited for, nor is one that is read to its end: but that is believed of the next look alone,
because what came to all partitions at once is not fetched from all of them at once.
"""

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from stockstream.connectors.kafka.batch import Batch
from stockstream.jobs.decoded_batch import decode_batch
from stockstream.market.trade.arrivals import SCHEMA
from stockstream.market.trade.columns import micros

SILENT = 5.0
# A partition with so many trades that wait for the others is not read meanwhile.
AHEAD = 20_000


@dataclass
class ReleasedTrades:
    """What is to be examined now.

    Attributes:
        trades: rows of `arrivals.SCHEMA` by partition, in the order of their offsets.
        spans: for each partition that went on, from where and to where (excluded).
    """

    trades: dict[int, pa.Table] = field(default_factory=dict)
    spans: dict[int, tuple[int, int]] = field(default_factory=dict)


@dataclass
class PartitionBuffer:
    """One partition: what waits in it, how far it is read, in offsets and in time."""

    heard: float
    begin: int = 0
    end: int = 0
    reached: float = -float("inf")
    held: pa.Table = field(default_factory=SCHEMA.empty_table)
    met: int = 0  # so many of those that are held were held at the last look

    def add(self, trades: pa.Table) -> None:
        """Hold trades that come after all that are held."""
        self.held = pa.concat_tables([self.held, trades])
        self.reached = max(self.reached, micros(trades).max())

    def take(self, frontier: float, sure: float) -> pa.Table:
        """Return, and hold no more, what was met before up to one frontier, and new trades up to another."""
        limits = np.where(np.arange(len(self.held)) < self.met, frontier, sure)
        late = np.flatnonzero(micros(self.held) > limits)
        count = int(late[0]) if len(late) else len(self.held)
        taken, self.held = self.held[:count], self.held[count:]
        self.met = len(self.held)
        self.begin = self.held["kafka_offset"][0].as_py() if self.met else self.end
        return taken


class Alignment:
    """Holds trades back until the other partitions are read as far in time."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Begin with nothing; `clock` tells seconds that never go back."""
        self._clock = clock
        self._lanes: dict[int, PartitionBuffer] = {}

    @property
    def holds(self) -> bool:
        """Whether a trade waits."""
        return any(len(lane.held) for lane in self._lanes.values())

    @property
    def ahead(self) -> frozenset[int]:
        """The partitions in which so much waits that they need not be read now."""
        return frozenset(number for number, lane in self._lanes.items() if len(lane.held) >= AHEAD)

    def add(self, batch: Batch) -> None:
        """Take a batch; what is no trade only moves its partition on."""
        now = self._clock()
        for partition, (begin, end) in batch.spans.items():
            lane = self._lanes.setdefault(partition, PartitionBuffer(now))
            if not len(lane.held):
                lane.begin = begin
            lane.heard, lane.end = now, end
        for partition, trades in _by_partition(batch):
            self._lanes[partition].add(trades)

    def drop(self, partition: int) -> None:
        """Forget what waits in a partition: it is read from another place."""
        self._lanes.pop(partition, None)

    def let_through(self, reading: AbstractSet[int], caught_up: AbstractSet[int]) -> ReleasedTrades:
        """Return what need wait no longer.

        Args:
            reading: the partitions that are read; what waits in others is another process's.
            caught_up: those that have nothing left to read.
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
    """Yield the trades of each partition that has any; the consumer keeps what is none."""
    in_order = [("kafka_partition", "ascending"), ("kafka_offset", "ascending")]
    trades = decode_batch(batch).trades.sort_by(in_order)
    partitions = trades["kafka_partition"].to_numpy()
    for partition in np.unique(partitions).tolist():
        first, end = np.searchsorted(partitions, [partition, partition + 1])
        yield partition, trades[first:end]

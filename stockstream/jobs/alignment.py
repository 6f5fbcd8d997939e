"""Alignment: partitions are read at their own pace, and what they say is heard in the order of time.

A symbol's pace is held against the market's, so a trade is examined once all is read that happened until
then: the slowest partition with something left to read decides. One that has been silent for SILENT
seconds is not waited for, nor is one that is read to its end: but that is believed of the next look alone,
because what came to all partitions at once is not fetched from all of them at once.
"""

from collections import deque
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from stockstream.connectors.batch import Batch
from stockstream.errors import BadTradeError
from stockstream.market.anomalies.stretch import EPOCH, MICROSECOND
from stockstream.market.trade import Trade, decode

SILENT = 5.0
# A partition with so many trades that wait for the others is not read meanwhile.
AHEAD = 20_000


@dataclass
class Through:
    """What is to be examined now.

    Attributes:
        trades: partition, offset and trade, each partition's in the order of its offsets.
        spans: for each partition that went on, from where and to where (excluded).
    """

    trades: list[tuple[int, int, Trade]] = field(default_factory=list)
    spans: dict[int, tuple[int, int]] = field(default_factory=dict)


@dataclass
class Lane:
    """One partition: what waits in it, how far it is read, in offsets and in time."""

    heard: float
    begin: int = 0
    end: int = 0
    reached: float = -float("inf")
    held: deque[tuple[int, Trade | None]] = field(default_factory=deque)
    met: int = 0  # so many of those that are held were held at the last look


class Alignment:
    """Holds trades back until the other partitions are read as far in time."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Begin with nothing; `clock` tells seconds that never go back."""
        self._clock = clock
        self._lanes: dict[int, Lane] = {}

    @property
    def holds(self) -> bool:
        """Whether a trade waits."""
        return any(lane.held for lane in self._lanes.values())

    @property
    def ahead(self) -> frozenset[int]:
        """The partitions in which so much waits that they need not be read now."""
        return frozenset(number for number, lane in self._lanes.items() if len(lane.held) >= AHEAD)

    def add(self, batch: Batch) -> None:
        """Take a batch; what is no trade only moves its partition on."""
        now = self._clock()
        for partition, (begin, end) in batch.spans.items():
            lane = self._lanes.setdefault(partition, Lane(now))
            if not lane.held:
                lane.begin = begin
            lane.heard, lane.end = now, end
        for value, partition, offset in zip(batch.values, batch.partitions, batch.offsets, strict=True):
            lane, trade = self._lanes[partition], _trade(value)
            lane.held.append((offset, trade))
            if trade:
                lane.reached = max(lane.reached, _micros(trade))

    def drop(self, partition: int) -> None:
        """Forget what waits in a partition: it is read from another place."""
        self._lanes.pop(partition, None)

    def let_through(self, reading: AbstractSet[int], caught_up: AbstractSet[int]) -> Through:
        """Return what need wait no longer.

        Args:
            reading: the partitions that are read; what waits in others is another process's.
            caught_up: those that have nothing left to read.
        """
        now = self._clock()
        self._lanes = {number: self._lanes.get(number) or Lane(now) for number in reading}
        awaited = [
            lane.reached
            for number, lane in self._lanes.items()
            if number not in caught_up and now - lane.heard < SILENT
        ]
        through, frontier = Through(), min(awaited, default=float("inf"))
        sure = min((lane.reached for lane in self._lanes.values()), default=frontier)
        for number, lane in self._lanes.items():
            _pass(number, lane, (frontier, sure), through)
        return through


def _pass(number: int, lane: Lane, frontiers: tuple[float, float], through: Through) -> None:
    """Let a lane's trades through: those met at the last look up to one frontier, new ones up to another."""
    frontier, sure = frontiers
    begin, met = lane.begin, lane.met
    while lane.held:
        offset, trade = lane.held[0]
        if trade and _micros(trade) > (frontier if met > 0 else sure):
            break
        lane.held.popleft()
        met -= 1
        if trade:
            through.trades.append((number, offset, trade))
    lane.met = len(lane.held)
    lane.begin = lane.held[0][0] if lane.held else lane.end
    if lane.begin > begin:
        through.spans[number] = begin, lane.begin


def _micros(trade: Trade) -> int:
    return (trade.timestamp - EPOCH) // MICROSECOND


def _trade(message: bytes | None) -> Trade | None:
    """Return the trade of a message; the consumer keeps those that are none."""
    try:
        return decode(message)
    except BadTradeError:
        return None

"""What came out of the topic, sorted: trades as columns with their places, and what is no trade."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stockstream.errors import BadTradeError
from stockstream.market.trade import columns
from stockstream.market.trade.codec import Trade, decode

_PARTITION, _OFFSET = pa.field("kafka_partition", pa.int32()), pa.field("kafka_offset", pa.int64())
SCHEMA = columns.SCHEMA.append(_PARTITION).append(_OFFSET)

Span = tuple[int, int]


@dataclass(frozen=True)
class DeadLetter:
    """A message that is no trade, whole, with its place in the topic and a plain reason."""

    key: bytes | None
    payload: bytes | None
    partition: int
    offset: int
    reason: str

    @property
    def fault(self) -> str:
        """What is at fault: the `message`, which cannot be read, or a `field`, which breaks a rule.

        >>> [DeadLetter(None, b"", 0, 0, why).fault for why in ("message is empty", "price is not a number")]
        ['message', 'field']
        """
        return "message" if self.reason.startswith("message ") else "field"


@dataclass(frozen=True)
class Messages:
    """Messages as columns of equal length, in the order of arrival."""

    values: Sequence[bytes | None]
    keys: Sequence[bytes | None]
    partitions: Sequence[int]
    offsets: Sequence[int]

    def __len__(self) -> int:
        """Return the number of messages."""
        return len(self.values)

    def dead(self, row: int, reason: str) -> DeadLetter:
        """Return the message in a row of the columns as a dead letter."""
        return DeadLetter(
            self.keys[row],
            self.values[row],
            self.partitions[row],
            self.offsets[row],
            reason,
        )


@dataclass(frozen=True)
class Arrivals:
    """Messages sorted: a row of `SCHEMA` for each trade, a dead letter for each that is none.

    `spans` are the moves in each partition: the offset it begins at and the one it ends at (excluded).
    `messages` may be more than those that were sorted: dead letters find theirs there.
    """

    messages: Messages
    trades: pa.Table
    dead: list[DeadLetter]
    spans: Mapping[int, Span]

    def __len__(self) -> int:
        """Return the number of messages."""
        return len(self.messages)


def sort(messages: Messages, spans: Mapping[int, Span]) -> Arrivals:
    """Part messages into trades and dead letters: all at once what is plain, the rest one by one."""
    rows, plain = columns.read(messages.values)
    trades = _placed(rows, messages, np.flatnonzero(plain))
    good, dead = _look_at(messages, np.flatnonzero(~plain).tolist())
    if good:
        trades = pa.concat_tables([trades, _table(messages, good)])
    return Arrivals(messages, trades, dead, spans)


def split(arrivals: Arrivals, ways: int) -> list[Arrivals]:
    """Part arrivals by their partitions, into at most so many parts of about the same length."""
    lanes: list[list[int]] = [[] for _ in range(ways)]

    def moves(partitions: Iterable[int]) -> int:
        return sum(end - start for start, end in map(arrivals.spans.__getitem__, partitions))

    for partition in sorted(arrivals.spans, key=lambda each: -moves([each])):
        min(lanes, key=moves).append(partition)
    return [_only(arrivals, lane) for lane in lanes if lane]


def _only(arrivals: Arrivals, partitions: Collection[int]) -> Arrivals:
    wanted = columns.column(pa.int32(), np.array(partitions, np.int32))
    of_these = pc.is_in(arrivals.trades["kafka_partition"], wanted)
    return Arrivals(
        arrivals.messages,
        arrivals.trades.filter(of_these),
        [each for each in arrivals.dead if each.partition in partitions],
        {partition: arrivals.spans[partition] for partition in partitions},
    )


def _look_at(
    messages: Messages, positions: Iterable[int]
) -> tuple[list[tuple[int, Trade]], list[DeadLetter]]:
    good, dead = [], []
    for row in positions:
        try:
            good.append((row, decode(messages.values[row])))
        except BadTradeError as exc:
            dead.append(messages.dead(row, str(exc)))
    return good, dead


def _table(messages: Messages, trades: Sequence[tuple[int, Trade]]) -> pa.Table:
    rows = {
        name: pa.array([getattr(trade, name) for _, trade in trades], columns.SCHEMA.field(name).type)
        for name in columns.SCHEMA.names
    }
    return _placed(pa.table(rows, columns.SCHEMA), messages, np.array([row for row, _ in trades]))


def _placed(rows: pa.Table, messages: Messages, positions: NDArray[np.int64]) -> pa.Table:
    """Append to rows where their messages, those at `positions` of the columns, came from."""
    partitions = np.fromiter(messages.partitions, np.int32, len(messages))[positions]
    offsets = np.fromiter(messages.offsets, np.int64, len(messages))[positions]
    for field, values in ((_PARTITION, partitions), (_OFFSET, offsets)):
        rows = rows.append_column(field, columns.column(field.type, values))
    return rows

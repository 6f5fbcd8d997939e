"""Decoded messages: trades as columns with their positions, and dead letters."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike

from stockstream.errors import BadTradeError
from stockstream.market.trade import columns
from stockstream.market.trade.codec import decode
from stockstream.market.trade.schema import Trade

_PARTITION, _OFFSET = pa.field("kafka_partition", pa.int32()), pa.field("kafka_offset", pa.int64())
SCHEMA = columns.SCHEMA.append(_PARTITION).append(_OFFSET)

Span = tuple[int, int]


@dataclass(frozen=True)
class DeadLetter:
    """A message that is not a trade, whole, with its position in the topic and a plain reason."""

    key: bytes | None
    payload: bytes | None
    partition: int
    offset: int
    reason: str

    @property
    def fault(self) -> str:
        """What is at fault: the `message`, which cannot be decoded, or a `field`, which breaks a rule.

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
    """Decoded messages: a row of `SCHEMA` for each trade, a dead letter for each that is not a trade.

    `spans` are the offsets covered in each partition: its first offset and its end (excluded).
    `messages` may be more than those that were decoded: dead letters find theirs there.
    """

    messages: Messages
    trades: pa.Table
    dead: list[DeadLetter]
    spans: Mapping[int, Span]

    def __len__(self) -> int:
        """Return the number of messages."""
        return len(self.messages)


def sort(messages: Messages, spans: Mapping[int, Span], fields: pa.Schema = columns.SCHEMA) -> Arrivals:
    """Separate messages into trades, in the order of arrival, and dead letters.

    Plain messages are decoded together, the others one by one.

    Args:
        messages: the messages.
        spans: the offsets they cover, by partition.
        fields: the columns of trades to decode.
    """
    trades, plain = columns.read(messages.values, fields)
    rows = np.flatnonzero(plain)
    good, dead = _look_at(messages, np.flatnonzero(~plain).tolist())
    if good:
        rows = np.concatenate([rows, [row for row, _ in good]])
        order = np.argsort(rows)
        trades = pa.concat_tables([trades, table([trade for _, trade in good], fields)]).take(order)
        rows = rows[order]
    partitions = np.fromiter(messages.partitions, np.int32, len(messages))[rows]
    offsets = np.fromiter(messages.offsets, np.int64, len(messages))[rows]
    return Arrivals(messages, placed(trades, partitions, offsets), dead, spans)


def table(trades: Sequence[Trade], fields: pa.Schema = columns.SCHEMA) -> pa.Table:
    """Return trades as columns."""
    return pa.table({each.name: [getattr(trade, each.name) for trade in trades] for each in fields}, fields)


def placed(rows: pa.Table, partitions: ArrayLike, offsets: ArrayLike) -> pa.Table:
    """Append the partitions and offsets of their messages to trades."""
    places = ((_PARTITION, np.asarray(partitions, np.int32)), (_OFFSET, np.asarray(offsets, np.int64)))
    for field, values in places:
        rows = rows.append_column(field, columns.column(field.type, values))
    return rows


def split(arrivals: Arrivals, ways: int) -> list[Arrivals]:
    """Split arrivals by partition into at most `ways` parts of about the same length."""
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


def originals(trades: pa.Table) -> pa.Table:
    """Return the trades that correct no other: what a correction changes is known where the tape is."""
    return trades.filter(pc.is_null(trades["corrects"])) if _have_corrections(trades) else trades


def corrections(trades: pa.Table) -> pa.Table:
    """Return the trades that correct or cancel another."""
    return trades.filter(pc.is_valid(trades["corrects"])) if _have_corrections(trades) else trades.slice(0, 0)


def _have_corrections(trades: pa.Table) -> bool:
    # Nearly no batch has any, and this costs nothing.
    return bool(trades["corrects"].null_count < len(trades))

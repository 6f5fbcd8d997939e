"""What came out of the topic: trades with their places, and messages that are no trades."""

from collections.abc import Sequence
from dataclasses import dataclass

from stockstream.errors import BadTradeError
from stockstream.market.trade import Trade, decode


@dataclass(frozen=True)
class Arrival:
    """A trade, the message it came in, and its place in the topic."""

    trade: Trade
    key: bytes | None
    payload: bytes | None
    partition: int
    offset: int


@dataclass(frozen=True)
class DeadLetter:
    """A message that is no trade, whole, with its place in the topic and a plain reason."""

    key: bytes | None
    payload: bytes | None
    partition: int
    offset: int
    reason: str


def sort(
    values: Sequence[bytes | None],
    keys: Sequence[bytes | None],
    partitions: Sequence[int],
    offsets: Sequence[int],
) -> tuple[list[Arrival], list[DeadLetter]]:
    """Part messages into trades and dead letters; the arguments are columns of equal length."""
    arrivals, dead = [], []
    for value, key, partition, offset in zip(values, keys, partitions, offsets, strict=True):
        try:
            arrivals.append(Arrival(decode(value), key, value, partition, offset))
        except BadTradeError as exc:
            dead.append(DeadLetter(key, value, partition, offset, str(exc)))
    return arrivals, dead

"""A batch: messages as they came out of the topic, and the moves they make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import add
from typing import cast

from confluent_kafka import Message


@dataclass(frozen=True)
class Batch:
    """Messages in the order of arrival, as columns of equal length, and the moves they make.

    `spans` has, for each partition, the offset that the batch begins at (where the one before
    ended) and the one it ends at (excluded).
    """

    values: list[bytes | None] = field(default_factory=list)
    keys: list[bytes | None] = field(default_factory=list)
    partitions: list[int] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    spans: dict[int, tuple[int, int]] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of messages."""
        return len(self.values)


def batch_of(messages: Sequence[Message], starts: Mapping[int, int], bases: Mapping[int, int]) -> Batch:
    """Return messages of a topic as a batch of places on the tape.

    Args:
        messages: without faults, those of a partition in the order of their offsets.
        starts: for each partition, the place after the batch before.
        bases: for each partition, how far its places lie above its offsets.
    """
    # The client types them as optional: only faults have none.
    partitions = cast("list[int]", list(map(Message.partition, messages)))
    offsets = cast("list[int]", list(map(Message.offset, messages)))
    if any(bases.values()):
        offsets = list(map(add, offsets, (bases[partition] for partition in partitions)))
    # The last offset of a partition wins.
    ends = dict(zip(partitions, offsets, strict=True))
    return Batch(
        list(map(Message.value, messages)),
        list(map(Message.key, messages)),
        partitions,
        offsets,
        {partition: (starts[partition], end + 1) for partition, end in ends.items()},
    )

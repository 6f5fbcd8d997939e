"""A batch: messages as they came out of the topic, and the moves they make.

A span may be longer than its messages: transaction markers, messages of an aborted transaction and those
that compaction has removed leave offsets that hold none. Where such offsets are the last of a partition,
only the client's EOF event tells of them.
"""

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

    def __bool__(self) -> bool:
        """Whether it moves any partition on; it may do so without a message."""
        return any(end > begin for begin, end in self.spans.values())


def batch_of(
    messages: Sequence[Message],
    starts: Mapping[int, int],
    bases: Mapping[int, int],
    eofs: Mapping[int, int] | None = None,
) -> Batch:
    """Return messages of a topic as a batch of places on the tape.

    Args:
        messages: without faults, those of a partition in the order of their offsets.
        starts: for each partition, the place after the batch before.
        bases: for each partition, how far its places lie above its offsets.
        eofs: offsets of EOF events: all messages before them have been handed over.
    """
    # The client types them as optional: only faults have none.
    partitions = cast("list[int]", list(map(Message.partition, messages)))
    offsets = cast("list[int]", list(map(Message.offset, messages)))
    if any(bases.values()):
        offsets = list(map(add, offsets, (bases[partition] for partition in partitions)))
    # The last offset of a partition wins.
    last = dict(zip(partitions, offsets, strict=True))
    ends = {partition: offset + 1 for partition, offset in last.items()}
    for partition, offset in (eofs or {}).items():
        ends[partition] = max(offset + bases[partition], ends.get(partition, starts[partition]))
    return Batch(
        list(map(Message.value, messages)),
        list(map(Message.key, messages)),
        partitions,
        offsets,
        {each: (starts[each], end) for each, end in ends.items() if end > starts[each]},
    )

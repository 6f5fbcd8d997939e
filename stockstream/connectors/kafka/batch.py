"""A batch: messages read from the topic, and the offsets they advance.

A span may be longer than its messages: transaction markers, messages of an aborted transaction and those
removed by compaction leave offsets that hold no message. If such offsets are the last of a partition, only
the client's EOF event reveals them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import add
from typing import cast

from confluent_kafka import Message


@dataclass(frozen=True)
class Batch:
    """Messages in order of arrival, as columns of equal length, and the spans they cover.

    `spans` has, for each partition, the offset at which the batch begins (where the previous one ended) and
    its end (excluded).
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
        """Return whether the batch advances any partition; it may do so without a message."""
        return any(end > begin for begin, end in self.spans.values())


def batch_of(
    messages: Sequence[Message],
    starts: Mapping[int, int],
    bases: Mapping[int, int],
    eofs: Mapping[int, int] | None = None,
) -> Batch:
    """Return messages of a topic as a batch with record positions.

    Args:
        messages: messages without errors, those of a partition in offset order.
        starts: for each partition, the record position after the previous batch.
        bases: for each partition, the difference between its record positions and its offsets.
        eofs: offsets of EOF events: all messages before them have been returned.
    """
    # The client types them as optional, but only errors have none.
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

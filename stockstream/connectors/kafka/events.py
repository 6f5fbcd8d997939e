"""The client's events, sorted into messages, offsets of EOF events, and an error."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from confluent_kafka import KafkaError, Message


@dataclass(frozen=True)
class Events:
    """Sorted events of the client.

    Attributes:
        messages: in the order of arrival.
        eofs: by partition, the offset before which all messages have been returned.
        fault: the last error.
    """

    messages: Sequence[Message] = ()
    eofs: dict[int, int] = field(default_factory=dict)
    fault: KafkaError | None = None


def is_eof(event: Message) -> bool:
    """Return whether an event says that a partition has been read to its end."""
    error = event.error()
    return error is not None and error.code() == KafkaError._PARTITION_EOF  # noqa: SLF001 - the client's own


def sorted_events(events: Sequence[Message], ours: AbstractSet[int]) -> Events:
    """Sort events; messages and EOF events of other members' partitions are left out.

    Hardly any batch has events other than messages, so that case is checked first.
    """
    if not any(map(Message.error, events)) and ours >= set(map(Message.partition, events)):
        return Events(events)
    own = [event for event in events if event.partition() in ours]
    eofs = {int(event.partition() or 0): int(event.offset() or 0) for event in own if is_eof(event)}
    return Events([event for event in own if not event.error()], eofs, fault_of(events))


def fault_of(events: Sequence[Message]) -> KafkaError | None:
    """Return the last error among events."""
    return next((event.error() for event in reversed(events) if event.error() and not is_eof(event)), None)

"""What the source has to know of a topic that may have been deleted and created again.

A topic that is created again begins at offset zero. So a message is stored under its record position: the
base of its topic's incarnation plus its offset in Kafka.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Extent:
    """What a partition holds, in offsets of Kafka: its oldest message, its end, and the group's hint.

    `committed` is the offset that the group last committed, below zero where there is none.
    """

    begin: int
    end: int
    committed: int = -1


Look = Callable[[], Mapping[int, Extent]]


class Incarnations(Protocol):
    """What knows where a topic's offsets lie on the tape."""

    def enter(self, look: Look) -> dict[int, int]:
        """Return the base of each partition that `look` tells of, or refuse to read there."""

    def is_current(self) -> bool:
        """Whether the topic is still the one that was entered."""


class SoleIncarnation:
    """A topic that is taken as it is: offsets are places."""

    def enter(self, look: Look) -> dict[int, int]:
        """Return zero for each partition."""
        return dict.fromkeys(look(), 0)

    def is_current(self) -> bool:
        """Return True: there is no other."""
        return True

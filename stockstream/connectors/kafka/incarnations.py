"""What the source needs to know of a topic that may have been deleted and created again.

A recreated topic begins at offset zero. A message is therefore stored under its record position: the base of
its topic's incarnation plus its Kafka offset.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Extent:
    """What a partition holds, in Kafka offsets: its oldest message, its end, and the group offset.

    `committed` is the group offset, negative if there is none.
    """

    begin: int
    end: int
    committed: int = -1


Look = Callable[[], Mapping[int, Extent]]


class Incarnations(Protocol):
    """Maps a topic's offsets to record positions."""

    def enter(self, look: Look) -> dict[int, int]:
        """Return the base of each partition that `look` returns, or refuse to read the topic."""

    def is_current(self) -> bool:
        """Return whether the topic is still the one that was entered."""


class SoleIncarnation:
    """A topic with a single incarnation, whose offsets are its record positions."""

    def enter(self, look: Look) -> dict[int, int]:
        """Return zero for each partition."""
        return dict.fromkeys(look(), 0)

    def is_current(self) -> bool:
        """Return True: there is no other incarnation."""
        return True

"""The source of a job: messages of the partitions that its consumer group assigns to it."""

from typing import Protocol

from stockstream.connectors.kafka.batch import Batch


class TradeSource(Protocol):
    """A member of a consumer group on a topic of trades."""

    @property
    def partitions(self) -> frozenset[int]:
        """The partitions that are read."""

    @property
    def is_joined(self) -> bool:
        """Whether its partitions are assigned."""

    def next_batch(self, most: int = ..., wait: float = ...) -> Batch:
        """Return up to `most` messages, waiting at most `wait` seconds for the first; possibly none."""

    def lag(self) -> int:
        """Return how many messages are still to be read."""

    def caught_up(self) -> frozenset[int]:
        """Return the partitions that have nothing left to read."""

    def leave_out(self, partitions: frozenset[int]) -> None:
        """Pause reading these partitions, and resume all others."""

    def keep_alive(self) -> None:
        """Remain a member of the group without reading."""

    def rewind(self) -> None:
        """Determine the offsets to read from again."""

    def commit_to_group(self, batch: Batch) -> None:
        """Commit the batch's offsets to the consumer group."""

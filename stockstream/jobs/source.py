"""What a job reads: the messages of the partitions that its consumer group hands to it."""

from typing import Protocol

from stockstream.connectors.kafka.batch import Batch


class TradeSource(Protocol):
    """A member of a consumer group on a topic of trades."""

    @property
    def partitions(self) -> frozenset[int]:
        """The partitions that are read."""

    @property
    def is_joined(self) -> bool:
        """Whether it knows what to read."""

    def next_batch(self, most: int = ..., wait: float = ...) -> Batch:
        """Return up to `most` messages, the first after at most `wait` seconds; none is a fine answer."""

    def lag(self) -> int:
        """Return how many messages are still to be read."""

    def caught_up(self) -> frozenset[int]:
        """Return the partitions that have nothing left to read."""

    def leave_out(self, partitions: frozenset[int]) -> None:
        """Read nothing of these for now, and of all others again."""

    def keep_alive(self) -> None:
        """Stay a member without reading."""

    def rewind(self) -> None:
        """Ask again where to read from."""

    def commit_to_group(self, batch: Batch) -> None:
        """Tell the broker how far the job is."""

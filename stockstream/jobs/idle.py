"""Detection of when a job that reads a backlog has nothing left to do."""

from collections.abc import Callable
from typing import Protocol


class Reader(Protocol):
    """A reader of a topic."""

    @property
    def is_joined(self) -> bool:
        """Whether its partitions are assigned."""

    def lag(self) -> int:
        """Return how many messages are still to be read."""


class Idle:
    """Detects that everything has been read and nothing new has arrived for a while.

    The time counts only once the group has assigned its partitions. Silence while messages are left to read
    is an outage, not an end.
    """

    def __init__(self, reader: Reader, clock: Callable[[], float], limit: float | None) -> None:
        """Start the timer, by `clock` in seconds; without a `limit` it never ends."""
        self._reader = reader
        self._clock = clock
        self._limit = limit
        self.begin()

    def begin(self) -> None:
        """Restart the timer, because something arrived."""
        self._since = self._clock()

    def is_over(self) -> bool:
        """Return whether the limit has passed with nothing left to read.

        Raises:
            RecoverableError: the broker does not say what is left.
        """
        if self._limit is None:
            return False
        if not self._reader.is_joined:
            self.begin()
        return self._clock() - self._since >= self._limit and self._reader.lag() == 0

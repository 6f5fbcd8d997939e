"""When a job that reads a backlog has nothing left to do."""

from collections.abc import Callable
from typing import Protocol


class Reader(Protocol):
    """What reads a topic."""

    @property
    def is_joined(self) -> bool:
        """Whether it knows what to read."""

    def lag(self) -> int:
        """Return how many messages are still to be read."""


class Idle:
    """Tells when all is read and nothing new has come for a while.

    The time counts only once the group has handed out its partitions, and silence with messages
    left to read is an outage, not an end.
    """

    def __init__(self, reader: Reader, clock: Callable[[], float], limit: float | None) -> None:
        """Begin now, by `clock` in seconds; with no `limit` it is never over."""
        self._reader = reader
        self._clock = clock
        self._limit = limit
        self.begin()

    def begin(self) -> None:
        """Something came: the time counts from now on."""
        self._since = self._clock()

    def is_over(self) -> bool:
        """Tell whether the limit has passed with nothing left to read.

        Raises:
            RecoverableError: the broker does not say what is left.
        """
        if self._limit is None:
            return False
        if not self._reader.is_joined:
            self.begin()
        return self._clock() - self._since >= self._limit and self._reader.lag() == 0

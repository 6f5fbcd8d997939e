"""Periodic log lines about progress."""

import logging
from collections.abc import Callable

EVERY = 10.0


class Progress:
    """Logs the rate of messages, at most every ten seconds.

    >>> Progress(logging.getLogger("doc"), clock=lambda: 0.0).update(5, "5 trades")
    """

    def __init__(self, log: logging.Logger, clock: Callable[[], float]) -> None:
        """Start counting now, by `clock` in seconds."""
        self._log = log
        self._clock = clock
        self._since = clock()
        self._count = 0

    def update(self, count: int, state: str) -> None:
        """Add `count` messages; log `state` when it is time."""
        self._count += count
        seconds = self._clock() - self._since
        if seconds >= EVERY:
            rate = self._count / seconds
            self._log.info("%s; %s messages/s", state, f"{rate:,.0f}", extra={"messages_per_second": rate})
            self._since, self._count = self._clock(), 0

"""Dead letters tried again, slice by slice, by today's rules."""

import logging
import time
from collections.abc import Callable
from functools import partial
from threading import Event
from typing import Protocol

from stockstream.connectors.postgres.store.dead_letters import BEFORE_ALL, Position, ReplayedLetters
from stockstream.errors import RecoverableError
from stockstream.jobs.progress_log import Progress
from stockstream.jobs.retry import Retry

log = logging.getLogger("consumer")


class Letters(Protocol):
    """The dead letters of a topic."""

    def count(self) -> int:
        """Return how many there are."""

    def replay_dead_letters(self, after: Position) -> tuple[ReplayedLetters, Position | None]:
        """Try the next ones after a place again."""


def replay_dead_letters(
    letters: Letters, stop: Event, clock: Callable[[], float] = time.monotonic
) -> ReplayedLetters:
    """Try each dead letter again, once, until all were or `stop` is set.

    Each slice is one transaction: ended at any time, and run again, it stores nothing twice.

    Returns:
        What became of those that were tried.
    """
    retry, progress = Retry(stop, log), Progress(log, clock)
    total = ReplayedLetters()
    position: Position | None = BEFORE_ALL
    try:
        log.info("trying %s dead letters again", f"{retry(letters.count):,}")
        while position is not None and not stop.is_set():
            done, position = retry(partial(letters.replay_dead_letters, position))
            total += done
            progress.update(len(done), str(total))
    except RecoverableError:
        # Patience gives up only when asked to stop; what is not tried stays as it is.
        pass
    return total

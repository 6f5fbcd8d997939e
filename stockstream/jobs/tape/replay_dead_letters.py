"""Dead letters decoded again, slice by slice, by the current rules."""

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
        """Replay the next dead letters after a position."""


def replay_dead_letters(
    letters: Letters, stop: Event, clock: Callable[[], float] = time.monotonic
) -> ReplayedLetters:
    """Replay each dead letter once, until all are done or `stop` is set.

    Each slice is one transaction: it can be interrupted at any time, and repeating it stores nothing twice.

    Returns:
        The outcome of those that were replayed.
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
        # A retry gives up only when asked to stop; dead letters that were not replayed stay as they are.
        pass
    return total

"""A witness beside the producer: few messages, but each is accounted for, from the sender to the table.

It is the feed of the fault tests, with its own messages: some late, some repeated, some not trades.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random

from bench.harness.system import System
from testkit.feed import Feed, Manner

RATE = 100  # messages a second
SOURCE = "faults"  # the source of a feed's trades


@contextmanager
def witness(system: System, seed: int) -> Iterator[Feed]:
    """Send during the block or until stopped, and keep the ledgers."""
    manner = Manner(RATE, datetime.now(UTC), timedelta(seconds=1 / RATE), mixed=1.0)
    feed = Feed(system.settings, "witness", Random(seed), manner)  # noqa: S311 - not a secret
    feed.start()
    try:
        yield feed
    finally:
        feed.abandon()

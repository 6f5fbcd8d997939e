"""A venue in a thread of its own, for tests that run the producer as a process."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from queue import Queue
from threading import Event, Thread

from tests.feeds.fact import Fact
from tests.feeds.venue import Venue


class Playing:
    """A venue that plays once it has a listener, and answers until the test is over."""

    def __init__(self, venue: Venue, happening: Sequence[Fact], faults: Sequence[str], pace: float) -> None:
        self.venue = venue
        self.address: Queue[str] = Queue()
        self.over = Event()
        self._play = (happening, faults, pace)

    def run(self) -> None:
        """Serve and play."""
        asyncio.run(self._run())

    async def _run(self) -> None:
        happening, faults, pace = self._play
        async with self.venue.open() as where:
            self.address.put(where)
            playing = asyncio.create_task(self.venue.play(happening, faults, pace))
            await asyncio.to_thread(self.over.wait)
            playing.cancel()


@contextmanager
def playing(
    venue: Venue, happening: Sequence[Fact], faults: Sequence[str] = (), pace: float = 0.002
) -> Iterator[str]:
    """Play trades at a pace in seconds each; yields host and port."""
    made = Playing(venue, happening, faults, pace)
    thread = Thread(target=made.run)
    thread.start()
    try:
        yield made.address.get(timeout=60)
    finally:
        made.over.set()
        thread.join()

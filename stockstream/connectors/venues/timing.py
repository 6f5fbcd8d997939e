"""How long a feed waits: between tries, for pages that lag, and before it suspects a symbol."""

import random
from collections.abc import Generator, Sequence
from dataclasses import dataclass

SPEAK_EVERY = 30.0  # seconds between two lines about the same trouble


@dataclass(frozen=True)
class Timing:
    """How long to wait, in seconds.

    Args:
        first: before the second try, approximately; each later wait is doubled, up to `longest`.
        fills: between the searches for trades of a gap, which a venue's pages may show later than its stream;
            after the last one they count as never provided.
        quiet: without a trade, until a symbol is suspected to be unknown to the venue.
    """

    first: float = 0.5
    longest: float = 30.0
    fills: Sequence[float] = (0.25, 0.5, 1.0, 2.0, 4.0)
    quiet: float = 60.0

    def waits(self) -> Generator[float, None, None]:
        """Yield waits with jitter, so that not all disconnected clients return at once."""
        wait = self.first
        while True:
            yield wait * random.uniform(0.5, 1.5)  # noqa: S311 - not a secret
            wait = min(wait * 2, self.longest)

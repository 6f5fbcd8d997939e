"""How long a feed waits: between tries, for a page that lags, and before it suspects a symbol."""

import random
from collections.abc import Generator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """How long to wait, in seconds.

    Args:
        first: before a second try, more or less; each later one doubles it, up to `longest`.
        fills: between the looks for trades of a gap, which a venue's pages may show later than its
            stream; after the last one they count as never given.
        quiet: without a trade, until a symbol is suspected to be unknown to the venue.
    """

    first: float = 0.5
    longest: float = 30.0
    fills: Sequence[float] = (0.25, 0.5, 1.0, 2.0, 4.0)
    quiet: float = 60.0

    def waits(self) -> Generator[float, None, None]:
        """Yield one wait after the other, with jitter, so that not all who were cut come at once."""
        wait = self.first
        while True:
            yield wait * random.uniform(0.5, 1.5)  # noqa: S311 - no secret
            wait = min(wait * 2, self.longest)

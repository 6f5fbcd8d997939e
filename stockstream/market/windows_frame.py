"""Frames: how wide windows are, and how often one begins."""

from dataclasses import dataclass
from math import gcd

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 24 * 60 * MINUTE
MOST_OVERLAPPING = 60


@dataclass(frozen=True)
class Frame:
    """Windows of `width` microseconds, of which one begins at each multiple of `slide` since 1970.

    They are put together from pieces that are as long as fits into all of them, a minute at most: a trade
    is late when its piece is gone, and then it is late for every window that the piece is in.

    >>> Frame(5 * MINUTE, MINUTE).piece == MINUTE, Frame(10 * SECOND, 4 * SECOND).fits
    (True, False)
    """

    width: int
    slide: int

    @property
    def piece(self) -> int:
        """The width of a piece."""
        return gcd(self.slide, MINUTE)

    @property
    def fits(self) -> bool:
        """Whether the slide fits a whole number of times into the width, and not too often."""
        return self.width % self.slide == 0 and self.width <= MOST_OVERLAPPING * self.slide

    def __str__(self) -> str:
        """Return it in seconds, by which its job is known."""
        return f"{self.width // SECOND}s/{self.slide // SECOND}s"

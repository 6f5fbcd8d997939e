"""Frames: the width of windows, and how often one begins."""

from dataclasses import dataclass

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 24 * 60 * MINUTE
WEEK = 7 * DAY
MOST_OVERLAPPING = 60


@dataclass(frozen=True)
class Frame:
    """Windows of `width` microseconds; one begins at each multiple of `slide` since 1970.

    They are made of whole minutes. Those that slide by whole days begin with the days of the exchange,
    counted from a Monday, so that a week begins on one.

    >>> Frame(5 * MINUTE, MINUTE).fits, Frame(5 * MINUTE, 2 * MINUTE).fits
    (True, False)
    >>> Frame(90 * SECOND, 90 * SECOND).fits
    False
    """

    width: int
    slide: int

    @property
    def fits(self) -> bool:
        """Whether both are whole minutes, and the width is a multiple of the slide."""
        return (
            self.slide % MINUTE == 0
            and self.width % self.slide == 0
            and self.width <= MOST_OVERLAPPING * self.slide
        )

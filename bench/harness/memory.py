"""Whether memory grows: a slope per hour for each process, from samples within each of its lives.

A process that was killed starts again, so only samples of one life are compared. What a young process loads,
compiles and fills is not growth: the first minutes of a life are left out.

USS (memory unique to a process) reveals leaks. RSS counts shared libraries in each process, and PostgreSQL's
shared buffers in each of its sessions; PSS divides them among the processes, so it adds up to the total, but
changes when another process that shares them starts or ends.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from scipy.stats import theilslopes

HOUR = 3600.0
FEWEST = 10  # samples of a life, below which it is not evaluated

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Footprint:
    """The memory of a process and its children at one moment.

    Args:
        at: seconds since the start of the run.
        life: distinguishes the lives of the process.
        age: seconds since this life began.
        uss: unique set size in bytes.
        pss: proportional set size in bytes.
        rss: resident set size in bytes.
    """

    at: float
    name: str
    life: str
    age: float
    uss: int
    pss: int
    rss: int


@dataclass(frozen=True)
class Growth:
    """How the memory of a process changed.

    Args:
        runs: how many lives it had.
        seconds: duration of those that were compared, without their warm-up.
        middle: median in bytes (USS), without warm-up.
        peak: maximum in bytes (USS), with warm-up.
        peak_rss: maximum RSS in bytes.
        slope: bytes per hour, None if no life was long enough.
        longest: slope of the longest life alone, with its 95 % bounds.
    """

    name: str
    runs: int
    seconds: float
    middle: float
    peak: int
    peak_rss: int
    slope: float | None
    longest: tuple[float, float, float] | None


def growths(samples: Iterable[Footprint], warm_up: float) -> list[Growth]:
    """Return the growth of each process, by name.

    >>> flat = [Footprint(at, "consumer", "1", at, 100, 120, 150) for at in range(0, 100, 5)]
    >>> grows = [Footprint(at, "consumer", "2", at - 100, 50 + at, 70, 90) for at in range(100, 200, 5)]
    >>> [(each.runs, each.slope) for each in growths(flat + grows, warm_up=10)]
    [(2, 1800.0)]
    >>> [(each.runs, each.slope) for each in growths(grows, warm_up=10)]
    [(1, 3600.0)]
    """
    ordered = sorted(samples, key=lambda each: (each.name, each.at))
    return [_growth(name, list(those), warm_up) for name, those in groupby(ordered, lambda each: each.name)]


def runs(samples: Sequence[Footprint]) -> list[list[Footprint]]:
    """Return the samples of one process, grouped by life, in order.

    >>> [len(life) for life in runs([Footprint(at, "it", str(at > 1), at, 0, 0, 0) for at in range(5)])]
    [2, 3]
    """
    return [list(those) for _, those in groupby(samples, lambda each: each.life)]


def _growth(name: str, samples: Sequence[Footprint], warm_up: float) -> Growth:
    all_lives = runs(samples)
    grown = [[each for each in life if each.age >= warm_up] for life in all_lives]
    told = [life for life in grown if len(life) >= FEWEST]
    longest = max(told, key=_span, default=None)
    return Growth(
        name=name,
        runs=len(all_lives),
        seconds=sum(map(_span, told)),
        middle=float(np.median([each.uss for life in told or all_lives for each in life])),
        peak=max(each.uss for each in samples),
        peak_rss=max(each.rss for each in samples),
        slope=_slope(told),
        longest=_bounded(longest) if longest else None,
    )


def _span(life: Sequence[Footprint]) -> float:
    return life[-1].at - life[0].at


def _slope(told: Sequence[Sequence[Footprint]]) -> float | None:
    """Return the median slope of all pairs of samples of the same life (Theil and Sen), per hour."""
    if not told:
        return None
    return float(np.median(np.concatenate([_pairs(*_columns(life)) for life in told])) * HOUR)


def _pairs(at: Floats, held: Floats) -> Floats:
    first, last = np.triu_indices(len(at), k=1)
    slopes: Floats = (held[last] - held[first]) / (at[last] - at[first])
    return slopes


def _bounded(life: Sequence[Footprint]) -> tuple[float, float, float]:
    at, held = _columns(life)
    found = theilslopes(held, at)
    return float(found.slope * HOUR), float(found.low_slope * HOUR), float(found.high_slope * HOUR)


def _columns(life: Sequence[Footprint]) -> tuple[Floats, Floats]:
    return np.array([each.at for each in life], float), np.array([each.uss for each in life], float)

"""Alternation of the compared ways, so that disturbances of the machine affect all of them equally."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Result = TypeVar("Result")


def in_turns(
    ways: Mapping[str, Callable[[], Result]], rounds: int, before: Callable[[], object] = lambda: None
) -> dict[str, list[Result]]:
    """Run every way once per round, each round in the opposite order of the previous one.

    Args:
        ways: the ways, by name.
        rounds: the number of rounds.
        before: called at the start of each round.

    >>> said = []
    >>> _ = in_turns({"a": lambda: said.append("a"), "b": lambda: said.append("b")}, 3)
    >>> "".join(said)
    'abbaab'
    """
    results: defaultdict[str, list[Result]] = defaultdict(list)
    for number in range(rounds):
        before()
        for name in list(ways)[:: -1 if number % 2 else 1]:
            results[name].append(ways[name]())
    return dict(results)


def middle(results: list[Result], of: Callable[[Result], float]) -> float:
    """Return the median of what `of` gives for each result."""
    return float(median(map(of, results)))


def percentile(values: Sequence[float] | NDArray[np.float64], share: float) -> float:
    """Return a percentile; if it lies between two values, the higher one.

    >>> percentile([3.0, 1.0, 2.0, 4.0], 50)
    3.0
    """
    return float(np.percentile(values, share, method="higher"))

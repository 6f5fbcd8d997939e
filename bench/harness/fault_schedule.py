"""The schedule of faults, drawn from a seed, so that a run can be repeated."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Literal

Kind = Literal["kill -9", "SIGSTOP", "restart", "a member comes and goes"]

PROCESSES = ("producer", "consumer", "aggregator", "detector", "dashboard")
SERVERS = ("kafka", "postgres")
# Killing a session of postgres crashes all of them: the server restarts itself.
SESSION = "a session of postgres"

FAULTS: tuple[tuple[Kind, str], ...] = (
    *(("kill -9", name) for name in (*PROCESSES, *SERVERS, SESSION)),
    *(("SIGSTOP", name) for name in (*PROCESSES, *SERVERS)),
    *(("restart", name) for name in SERVERS),
    ("a member comes and goes", "consumer"),
)

# Seconds. The group notices a missing member after six: a stop may be shorter or longer than that.
SHORTEST, LONGEST = 2.0, 15.0
JITTER = 0.1


@dataclass(frozen=True)
class Fault:
    """A scheduled fault, `at` seconds after the start of the run; one with a duration lasts `seconds`."""

    at: float
    kind: Kind
    target: str
    seconds: float

    @property
    def name(self) -> str:
        """A description of the fault."""
        return f"{self.kind}: {self.target}"

    @property
    def lasts(self) -> bool:
        """Whether it has a duration."""
        return self.kind in ("SIGSTOP", "a member comes and goes")


def schedule(seed: int, seconds: float, every: float) -> list[Fault]:
    """Return the faults of a run, about one per `every` seconds; the last leaves time to recover.

    Every possible fault occurs once before any is repeated.

    >>> faults = schedule(7, 3600, 60)
    >>> len(faults), faults == schedule(7, 3600, 60), faults == schedule(8, 3600, 60)
    (59, True, False)
    >>> len({fault.name for fault in faults[: len(FAULTS)]}) == len(FAULTS)
    True
    """
    random = Random(seed)  # noqa: S311 - not a secret
    kinds = _in_bags(random)
    found = list[Fault]()
    for number in count(1):
        at = every * (number + random.uniform(-JITTER, JITTER))
        if at > seconds - every / 2:
            return found
        kind, target = next(kinds)
        found.append(Fault(at, kind, target, min(random.uniform(SHORTEST, LONGEST), every / 2)))
    raise AssertionError


def _in_bags(random: Random) -> Iterator[tuple[Kind, str]]:
    while True:
        yield from random.sample(FAULTS, len(FAULTS))

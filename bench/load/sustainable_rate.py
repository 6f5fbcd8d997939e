"""The sustainable rate: the highest that is fed for a while without any job falling a second behind."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event

from bench.harness.faults import recovery
from bench.harness.system import JOBS, System, behind
from stockstream.connectors.models.registry import ModelStore
from stockstream.jobs.produce.options import USUAL_SYMBOLS
from stockstream.market.anomalies.models.model import POOLED

FIRST = 10_000
CLOSER = 2  # tries between the last rate that was sustained and the first that was not
ENOUGH = 1_000_000  # trades a second, the most that the producer may be asked for
LEAVE_PATIENCE = 30.0
LEARN_PATIENCE = 300.0
LOOK_EVERY = 0.2
LAST_PART = 0.25  # of a try, in which the lag has to be small at some look: a batch under way is no backlog


def highest(is_sustained: Callable[[int], bool], first: int = FIRST) -> int:
    """Return the highest rate that was seen sustained: by doubling, then by halving what lies between.

    Args:
        is_sustained: tries a rate.
        first: the first rate to try; where it is not sustained, ever lower ones are.

    >>> tried = []
    >>> highest(lambda rate: not tried.append(rate) and rate <= 37_000)
    35000
    >>> tried
    [10000, 20000, 40000, 30000, 35000]
    >>> highest(lambda rate: rate <= 3_000)
    2500
    """
    good, rate = 0, first
    while rate < ENOUGH and is_sustained(rate):
        good, rate = rate, 2 * rate
    while not good and rate > 1:
        rate //= 2
        good = rate if is_sustained(rate) else 0
    bad = 2 * good
    for _ in range(CLOSER if good >= first else 0):
        between = (good + bad) // 2
        good, bad = (between, bad) if is_sustained(between) else (good, between)
    return good


def warmed_up(system: System, stop: Event) -> bool:
    """Wait until the detector has learned each symbol and every job is level; tells whether it came to that.

    Learning takes it seconds a symbol, once: what it cannot keep up with meanwhile says nothing of later.
    """
    deadline, store = time.monotonic() + LEARN_PATIENCE, ModelStore(system.settings.models_dir)
    while len(store.stamps().keys() - {POOLED}) < USUAL_SYMBOLS:
        if time.monotonic() > deadline or stop.wait(LOOK_EVERY):
            return False
    recovery(system, stop)
    return True


@contextmanager
def fed(system: System, rate: int) -> Iterator[None]:
    """Have so many trades a second come in for the time of the block, the usual producer's among them."""
    usual = round(1 / system.settings.producer_interval)
    with system.script("producer.py", "--rate", str(max(rate - usual, 1))) as producer:
        try:
            yield
            producer.send_signal(signal.SIGTERM)
            producer.wait(LEAVE_PATIENCE)
        finally:
            producer.kill()


def sustained(system: System, rate: int, seconds: float, stop: Event) -> bool:
    """Feed a rate for so long; tells whether each job kept within a second of it, and lets them catch up."""
    with fed(system, rate):
        stop.wait(seconds * (1 - LAST_PART))
        deadline, kept = time.monotonic() + seconds * LAST_PART, set[str]()
        while time.monotonic() < deadline and not stop.wait(LOOK_EVERY):
            kept |= {job for job, left in behind(system).items() if left <= rate}
    recovery(system, stop)
    return kept == set(JOBS)

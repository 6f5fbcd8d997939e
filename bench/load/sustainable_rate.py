"""The sustainable rate: the highest at which no job falls more than a second behind."""

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
ENOUGH = 1_000_000  # trades a second, the maximum for the producer
LEAVE_PATIENCE = 30.0
LEARN_PATIENCE = 300.0
LOOK_EVERY = 0.2
LAST_PART = 0.25  # of a try, in which the lag must be small at some sample: a running batch is not a backlog


def highest(is_sustained: Callable[[int], bool], first: int = FIRST) -> int:
    """Return the highest rate that was sustained, found by doubling and then by bisection.

    Args:
        is_sustained: tries a rate.
        first: the first rate to try; if it is not sustained, lower ones are tried.

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
    """Wait until the detector has learnt each symbol and no job lags; return whether that happened.

    Learning takes seconds per symbol, once: a lag in this phase says nothing about later.
    """
    deadline, store = time.monotonic() + LEARN_PATIENCE, ModelStore(system.settings.models_dir)
    while len(store.stamps().keys() - {POOLED}) < USUAL_SYMBOLS:
        if time.monotonic() > deadline or stop.wait(LOOK_EVERY):
            return False
    recovery(system, stop)
    return True


@contextmanager
def fed(system: System, rate: int) -> Iterator[None]:
    """Feed `rate` trades a second during the block, including those of the usual producer."""
    usual = round(1 / system.settings.producer_interval)
    with system.script("producer.py", "--rate", str(max(rate - usual, 1))) as producer:
        try:
            yield
            producer.send_signal(signal.SIGTERM)
            producer.wait(LEAVE_PATIENCE)
        finally:
            producer.kill()


def sustained(system: System, rate: int, seconds: float, stop: Event) -> bool:
    """Feed a rate for `seconds`; return whether each job kept within a second, and let them catch up."""
    with fed(system, rate):
        stop.wait(seconds * (1 - LAST_PART))
        deadline, kept = time.monotonic() + seconds * LAST_PART, set[str]()
        while time.monotonic() < deadline and not stop.wait(LOOK_EVERY):
            kept |= {job for job, left in behind(system).items() if left <= rate}
    recovery(system, stop)
    return kept == set(JOBS)

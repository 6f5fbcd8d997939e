"""The aggregator is killed: between any two of its effects, and at random moments under load.

At random as often as FAULT_RUNS (`./test.sh --faults N`) says. After each of these kills the next one makes
the candles whole again: they equal plain SQL before the load goes on.
"""

import os
import random
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from threading import Event

import pytest

from stockstream.connectors.postgres import Connection
from stockstream.settings import Settings
from tests.faults.halting_aggregator import POINTS
from tests.integration.mixed_tape import Line, mixed_tape, produce, store
from tests.integration.test_aggregator import (
    aggregate,
    assert_candles_are_plain_sql,
    candles_differ,
    has_moved,
    progress,
)
from tests.scripts import running
from tests.waiting import until

KILLS = int(os.environ.get("FAULT_RUNS", "2"))
PIECE = 400
# Trades for each kill: more than are sent until it comes.
LOAD = 40_000
SHORT = 10_000
# Each kill waits for a process to start and to come up with the load before.
pytestmark = pytest.mark.timeout(300 + 60 * KILLS)
LONGEST = 1.0  # seconds from the first sign of progress to the kill
PATIENCE = 120.0  # a busy machine takes most of it to start a process

Placed = list[tuple[Line, int, int]]


def test_killed_at_random_under_load_its_candles_are_plain_sql_each_time(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    chance = random.SystemRandom() if "FAULT_RUNS" in os.environ else random.Random(7)  # noqa: S311
    first = 0
    for _ in range(KILLS):
        with running(environment, "aggregator.py") as aggregator:
            until(lambda: not candles_differ(connection), PATIENCE)
            seen = progress(connection)
            with sending(settings, first) as sent:
                until(partial(has_moved, connection, seen), PATIENCE)
                time.sleep(chance.uniform(0, LONGEST))
                aggregator.kill()
        store(connection, sent)
        # So the tape goes on where it was cut: what it means to be late is late by the trades before it.
        first += len(sent)
    with running(environment, "aggregator.py"):
        until(lambda: not candles_differ(connection), PATIENCE)
    assert_candles_are_plain_sql(connection)


def test_killed_between_any_two_effects_of_a_checkpoint_it_loses_and_doubles_nothing(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    for number, point in enumerate(POINTS):
        first = number * SHORT
        store(connection, produce(settings, mixed_tape(SHORT, seed=number, first=first)))
        with running(environment, "-m", "tests.faults.halting_aggregator", point) as aggregator:
            aggregator.communicate(timeout=PATIENCE)
        assert aggregator.returncode == -9, point
    aggregate(environment)
    assert_candles_are_plain_sql(connection)


@contextmanager
def sending(settings: Settings, first: int) -> Iterator[Placed]:
    """Send piece after piece for the time of the block; yields what was sent, whole after it."""
    sent: Placed = []
    is_over = Event()
    with ThreadPoolExecutor(1) as pool:
        sender = pool.submit(_send, settings, first, is_over, sent)
        try:
            yield sent
        finally:
            is_over.set()
        sender.result()


def _send(settings: Settings, first: int, is_over: Event, sent: Placed) -> None:
    tape = mixed_tape(LOAD, seed=first, first=first)
    for start in range(0, len(tape), PIECE):
        if is_over.is_set():
            break
        sent += produce(settings, tape[start : start + PIECE])

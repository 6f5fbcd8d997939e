"""The aggregator and the reconciler are killed: between any two of their effects, and at random under load.

FAULT_RUNS (`./test.sh --faults N`) sets the number of random kills. After each of them the next process
repairs the candles: they equal plain SQL before the load continues.
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

from stockstream.connectors.postgres.connection import Connection
from stockstream.settings import Settings
from tests.faults.halting_aggregator import POINTS
from tests.faults.halting_reconciler import POINTS as HALTS
from tests.integration.candles import aggregate, assert_plain_sql, consume, differing, reconcile
from tests.integration.mixed_tape import Line, mixed_tape, produce
from tests.integration.test_aggregator import has_moved, progress
from tests.integration.topics import rows
from tests.scripts import running
from tests.waiting import until

KILLS = int(os.environ.get("FAULT_RUNS", "2"))
PIECE = 400
# Trades for each kill: more than are sent before it happens.
LOAD = 40_000
SHORT = 10_000
# Each kill waits for a process to start and to catch up with the previous load.
pytestmark = pytest.mark.timeout(900 + 120 * KILLS)
LONGEST = 1.0  # seconds from the first sign of progress to the kill
TIMEOUT = 120.0  # a busy machine needs most of it to start a process

RECONCILED = "SELECT FROM stock_metrics WHERE reconciled_at IS NOT NULL LIMIT 1"

Placed = list[tuple[Line, int, int]]


@pytest.mark.smoke
def test_killed_at_random_under_load_its_candles_are_plain_sql_each_time(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    chance = random.SystemRandom() if "FAULT_RUNS" in os.environ else random.Random(7)  # noqa: S311
    first = 0
    with running(environment, "consumer.py"):
        for _ in range(KILLS):
            with running(environment, "aggregator.py") as aggregator:
                until(lambda: not differing(connection), TIMEOUT)
                seen = progress(connection)
                with sending(settings, first) as sent:
                    until(partial(has_moved, connection, seen), TIMEOUT)
                    time.sleep(chance.uniform(0, LONGEST))
                    aggregator.kill()
            first += len(sent)
    consume(environment)
    aggregate(environment)
    assert_plain_sql(connection)


def test_killed_between_any_two_effects_of_a_write_it_loses_and_doubles_nothing(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    for number, point in enumerate(POINTS):
        produce(settings, mixed_tape(SHORT, seed=number, first=number * SHORT))
        with running(environment, "-m", "tests.faults.halting_aggregator", point) as aggregator:
            aggregator.communicate(timeout=TIMEOUT)
        assert aggregator.returncode == -9, point
        consume(environment)
    aggregate(environment)
    assert_plain_sql(connection)


def test_a_reconciler_killed_at_any_point_leaves_the_rest_to_the_next(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    for number, point in enumerate(HALTS):
        produce(settings, mixed_tape(SHORT // 4, seed=number, first=number * SHORT))
        consume(environment)
        with running(environment, "-m", "tests.faults.halting_reconciler", point) as reconciler:
            reconciler.communicate(timeout=TIMEOUT)
        assert reconciler.returncode == -9, point
    reconcile(environment)
    assert_plain_sql(connection)


def test_a_reconciler_killed_again_and_again_leaves_no_candle_wrong(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    chance = random.SystemRandom() if "FAULT_RUNS" in os.environ else random.Random(8)  # noqa: S311
    produce(settings, mixed_tape(SHORT))
    consume(environment)
    for _ in range(KILLS):
        rows(connection, "UPDATE stock_metrics SET open = open + 1, reconciled_at = NULL RETURNING 1")
        with running(environment, "aggregator.py", "--reconcile-only") as reconciler:
            until(lambda: rows(connection, RECONCILED), TIMEOUT)
            time.sleep(chance.uniform(0, LONGEST / 2))
            reconciler.kill()
    reconcile(environment)
    assert_plain_sql(connection)


@contextmanager
def sending(settings: Settings, first: int) -> Iterator[Placed]:
    """Send piece after piece until the block ends; yield the list of what was sent, complete afterwards."""
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

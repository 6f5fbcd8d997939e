"""The aggregator under load, killed at random: FAULT_RUNS (`./test.sh --faults N`) says how often."""

import os
import random
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event

from stockstream.connectors.postgres import Connection
from stockstream.settings import Settings
from tests.integration.mixed_tape import Line, mixed_tape, produce, store
from tests.integration.test_aggregator import aggregate, assert_candles_are_plain_sql, has_moved, progress
from tests.scripts import running
from tests.waiting import until

KILLS = int(os.environ.get("FAULT_RUNS", "2"))
PIECE = 400
LONGEST = 1.0  # seconds from the first sign of progress to the kill


def test_killed_at_random_under_load_it_loses_and_doubles_nothing(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    chance = random.SystemRandom() if "FAULT_RUNS" in os.environ else random.Random(7)  # noqa: S311
    is_over = Event()
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(_send, settings, mixed_tape(40_000 * KILLS), is_over)
        try:
            for _ in range(KILLS):
                seen = progress(connection)
                with running(environment, "aggregator.py"):
                    until(partial(has_moved, connection, seen), patience=30)
                    time.sleep(chance.uniform(0, LONGEST))
        finally:
            is_over.set()
        placed = sending.result()
    store(connection, placed)
    aggregate(environment)
    assert_candles_are_plain_sql(connection)


def _send(settings: Settings, tape: Sequence[Line], is_over: Event) -> list[tuple[Line, int, int]]:
    """Send piece after piece until the kills are over."""
    placed: list[tuple[Line, int, int]] = []
    for start in range(0, len(tape), PIECE):
        if is_over.is_set():
            break
        placed += produce(settings, tape[start : start + PIECE])
    return placed

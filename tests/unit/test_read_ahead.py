"""Reading ahead never leaves one thread waiting for the other for good, wherever each stands."""

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Thread

import pytest

from stockstream.connectors.kafka.batch import Batch
from stockstream.errors import KafkaUnreachableError
from stockstream.jobs.read_ahead import PLAIN, ReadAhead

TIMES = 300
# Seconds; of a healthy end it takes a thousandth.
LIMIT = 20.0


class Outage:
    """A source whose broker is away."""

    is_joined = True

    def next_batch(self) -> Batch:
        """Fail."""
        raise KafkaUnreachableError(servers="nowhere", reason="down")

    def lag(self) -> int:
        """Return what nobody can know."""
        return 0

    def keep_alive(self) -> None:
        """Nothing keeps it."""

    def rewind(self) -> None:
        """Nothing was read."""

    def commit_to_group(self, batch: Batch) -> None:
        """Nobody hears it."""


class Flood(Outage):
    """A source that always has a message."""

    def next_batch(self) -> Batch:
        """Return the message."""
        return Batch([PLAIN], [None], [0], [0], {0: (0, 1)})


@pytest.fixture(autouse=True)
def impatient_threads() -> Iterator[None]:
    """Have the interpreter change between threads a thousand times as often as by default."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(before)


def test_it_ends_in_an_outage_wherever_the_thread_stands() -> None:
    def begin_and_end() -> None:
        for _ in range(TIMES):
            with ReadAhead(Outage()):
                pass

    assert ends(begin_and_end)


def test_a_question_is_answered_in_an_outage_wherever_the_thread_stands() -> None:
    def ask() -> None:
        with ReadAhead(Outage()) as ahead:
            for _ in range(TIMES):
                with suppress(KafkaUnreachableError):
                    ahead.next_batch()
                ahead.lag()

    assert ends(ask)


def test_a_question_is_answered_though_nobody_takes_what_was_read() -> None:
    def ask() -> None:
        with ReadAhead(Flood()) as ahead:
            while not ahead.lag():
                pass
            ahead.lag()

    assert ends(ask)


def ends(action: Callable[[], None]) -> bool:
    """Return whether an action comes to its end."""
    thread = Thread(target=action, daemon=True)
    thread.start()
    thread.join(LIMIT)
    return not thread.is_alive()

"""Kept points: how many at most, and for how long."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from stockstream.ui.data.lines import KEPT_FOR, Course, Lines
from stockstream.ui.data.sql import query
from stockstream.ui.data.window import MINUTE, Span

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
QUARTER = Span(NOON, NOON + timedelta(minutes=15))
STEP = timedelta(seconds=4)


class Tape:
    """Answers as the database does, a trade in each step, and counts the intervals asked for."""

    def __init__(self) -> None:
        self.intervals = 0
        self.trades = 15

    def rows(self, statement: str, facts: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Return the rows of one of the two statements."""
        assert facts is not None
        if statement == query("intervals"):
            minutes = range(15)
            return [
                (symbol, NOON + MINUTE * at, self.trades, NOON)
                for symbol in facts["symbols"]
                for at in minutes
            ]
        self.intervals += len(facts["symbols"])
        asked = zip(facts["symbols"], facts["froms"], facts["tos"], strict=True)
        return [
            (symbol, since + STEP * at, Decimal(at + 1))
            for symbol, since, until in asked
            for at in range((until - since) // STEP)
        ]


def course(*symbols: str, later: timedelta = timedelta(0)) -> Course:
    return Course(symbols, QUARTER, STEP, QUARTER.end + MINUTE + later, QUARTER.end)


def test_what_was_read_once_is_not_asked_again_but_for_the_open_end() -> None:
    tape, lines = Tape(), Lines()
    first = lines.read(tape.rows, course("AAPL", "MSFT"))
    asked = tape.intervals
    assert lines.read(tape.rows, course("AAPL", "MSFT")) == first
    assert tape.intervals - asked == 2
    assert asked == 2 * 16


def test_a_candle_that_says_another_thing_has_its_points_asked_anew() -> None:
    tape, lines = Tape(), Lines()
    lines.read(tape.rows, course("AAPL"))
    asked, tape.trades = tape.intervals, 16
    lines.read(tape.rows, course("AAPL"))
    assert tape.intervals - asked == 16


def test_points_are_kept_for_a_minute_at_most_and_are_read_anew_in_turns() -> None:
    tape, lines = Tape(), Lines()
    lines.read(tape.rows, course("AAPL"))
    asked = [tape.intervals]
    for seconds in range(30, 61):
        lines.read(tape.rows, course("AAPL", later=timedelta(seconds=seconds)))
        asked.append(tape.intervals)
    anew = [after - before - 1 for before, after in pairwise(asked)]
    assert sum(anew) >= 15
    assert max(anew) <= 3
    lines.read(tape.rows, course("AAPL", later=10 * KEPT_FOR))
    assert tape.intervals - asked[-1] == 16


def test_no_more_points_are_kept_than_there_is_room_for_and_the_longest_unused_go() -> None:
    tape, lines = Tape(), Lines(most_points=500)
    for symbol in ("A", "B", "A", "C"):
        lines.read(tape.rows, course(symbol))
        assert len(lines) <= 500
    assert len(lines) > 450
    asked = tape.intervals
    lines.read(tape.rows, course("C"))
    lines.read(tape.rows, course("A"))
    assert tape.intervals - asked == 2
    lines.read(tape.rows, course("B"))
    assert tape.intervals - asked > 10

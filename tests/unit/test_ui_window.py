"""The windows: where they begin, and how fine they are cut."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockstream.ui.data.window import (
    CANDLES,
    MINUTES,
    MOST_CANDLE_SPAN,
    PROBES,
    Span,
    candle_span,
    candle_width,
    line_step,
    range_candle_span,
    span_of,
)

NEWEST = datetime(2026, 11, 23, 10, 41, 30, 5, tzinfo=UTC)
lengths = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=20_000))


@pytest.mark.parametrize("window", MINUTES)
def test_a_window_begins_on_a_whole_minute_and_ends_at_the_newest_trade(window: str) -> None:
    span = span_of(window, NEWEST - timedelta(days=400), NEWEST)
    assert span.end == NEWEST
    assert (span.start.second, span.start.microsecond) == (0, 0)
    minutes = MINUTES[window] or 400 * 24 * 60
    assert timedelta(minutes=minutes) <= span.end - span.start < timedelta(minutes=minutes + 1)


def test_a_window_longer_than_the_tape_begins_with_the_tape() -> None:
    first = NEWEST - timedelta(minutes=7)
    assert span_of("24h", first, NEWEST) == span_of("all", first, NEWEST)


@given(lengths, st.integers(min_value=1, max_value=100))
def test_lines_stay_within_their_number_of_probes(length: timedelta, symbols: int) -> None:
    span = Span(NEWEST - length, NEWEST)
    points = length / line_step(span, symbols)
    assert points * symbols <= PROBES


@given(lengths)
def test_candles_stay_few_and_whole_minutes(length: timedelta) -> None:
    covered = candle_span(Span(NEWEST - length, NEWEST))
    width = candle_width(covered)
    assert covered.end - covered.start <= MOST_CANDLE_SPAN
    assert (covered.end - covered.start) / width <= CANDLES
    assert Decimal(width.total_seconds()) % 60 == 0


@given(lengths)
def test_candles_of_a_chosen_range_do_not_begin_before_it(length: timedelta) -> None:
    span = Span(NEWEST - length, NEWEST)
    covered = range_candle_span(span, timedelta(minutes=1))
    assert covered.start == max(span.start, NEWEST - CANDLES * timedelta(minutes=1))

"""The heat map and the range: changes by stretch, and a window of one's own."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from plotly import graph_objects  # type: ignore[import-untyped]  # plotly ships no types

from stockstream.ui import charts, heat
from stockstream.ui.picture import Question
from stockstream.ui.window import RANGE, Span, before, range_of
from tests.unit.test_ui_charts import picture, plain

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SPAN = Span(NOON, NOON + timedelta(minutes=12))


def test_each_stretch_has_its_change_since_the_price_before_it() -> None:
    prices = {0.1: 100, 0.5: 110, 1.5: 121, 3.5: 121}
    line = [(NOON + timedelta(minutes=at), Decimal(price)) for at, price in prices.items()]
    assert heat.changes(line, SPAN)[:5] == [
        pytest.approx(10),
        pytest.approx(10),
        None,
        pytest.approx(0),
        None,
    ]


def test_a_symbol_without_a_trade_is_all_empty() -> None:
    assert heat.changes([], SPAN) == [None] * heat.COLUMNS


def test_plotly_takes_the_heat_map_and_the_imbalance() -> None:
    shown = picture([])
    for figure in (heat.heat(shown, SPAN), charts.imbalance(shown, "AAPL")):
        graph_objects.Figure(plain(figure))


def test_a_range_is_of_whole_minutes_and_ends_with_the_tape() -> None:
    newest = NOON + timedelta(hours=1)
    asked = Question(RANGE, since=NOON, until=NOON + timedelta(minutes=5))
    assert asked.is_past()
    assert asked.span(NOON - timedelta(days=9), newest) == Span(
        NOON, NOON + timedelta(minutes=5) - timedelta(microseconds=1)
    )
    open_end = Question(RANGE, since=NOON)
    assert not open_end.is_past()
    assert open_end.span(NOON, newest) == Span(NOON, newest)


def test_a_range_the_wrong_way_round_is_one_minute() -> None:
    span = range_of(NOON, NOON - timedelta(hours=3), NOON + timedelta(hours=1))
    assert span == Span(NOON, NOON + timedelta(minutes=1) - timedelta(microseconds=1))


def test_the_stretch_before_is_as_long_in_whole_minutes() -> None:
    assert before(SPAN) == NOON - timedelta(minutes=12)
    assert before(Span(NOON, NOON + timedelta(seconds=90))) == NOON - timedelta(minutes=2)

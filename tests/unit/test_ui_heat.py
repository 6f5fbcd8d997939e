"""The heat map and the range: changes by interval, and a window of one's own."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from stockstream.ui.data.market_snapshot import Question
from stockstream.ui.data.window import RANGE, Span, before, range_of
from stockstream.ui.html import heat
from stockstream.ui.html.formatting import MINUS
from tests.unit.test_ui_charts import snapshot

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SPAN = Span(NOON, NOON + timedelta(minutes=12))


def test_each_interval_has_its_change_since_the_price_before_it() -> None:
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


def test_a_cell_has_its_number_and_the_deepest_ground_is_the_largest_changes() -> None:
    shown = snapshot([])
    shown.lines["AAPL"][:] = [
        (NOON + timedelta(minutes=at), Decimal(price)) for at, price in ((0.5, 100), (1.5, 110), (2.5, 104.5))
    ]
    row = next(row for row in heat.heat(shown, SPAN).split("<tr>") if ">AAPL<" in row)
    cells = re.findall(r'<td (?:class=""|style="([^"]*)")>([^<]*)</td>', row)
    assert [number for _, number in cells] == ["0.00", "+10.00", f"{MINUS}5.00", *[""] * 9]
    grounds = [re.search(r"var\((--\w+)\) (\d+)%", style) for style, _ in cells[1:3]]
    assert [ground and ground.groups() for ground in grounds] == [("--up", "50"), ("--down", "25")]


def test_noise_has_hardly_a_colour() -> None:
    shown = snapshot([])
    shown.lines["AAPL"][:] = [(NOON, Decimal(100_000)), (NOON + timedelta(minutes=2), Decimal(100_001))]
    assert "var(--up) 1%" in heat.heat(shown, SPAN)


def test_what_comes_from_outside_is_escaped() -> None:
    shown = snapshot([])
    shown.standings[0] = replace(shown.standings[0], symbol="<b>")
    assert "<b>" not in heat.heat(shown, SPAN)


@pytest.mark.parametrize(
    ("length", "head"),
    [
        (timedelta(minutes=1), "12:00:05"),
        (timedelta(hours=1), "12:05"),
        (timedelta(days=2), "23 Nov 16:00"),
        (timedelta(days=24), "25 Nov"),
    ],
)
def test_heads_are_as_exact_as_the_intervals_are_long(length: timedelta, head: str) -> None:
    table = heat.heat(snapshot([]), Span(NOON, NOON + length))
    assert re.findall(r'<th scope="col">([^<]*)</th>', table)[2] == head


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

"""A chart's height: a single trade that was found does not press the others into a line."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from stockstream.ui.charts import prices
from stockstream.ui.charts.plot import Figure
from stockstream.ui.data.records import Candle, Mark
from tests.unit.test_ui_charts import NOON, SPAN, mark, snapshot

LINE = [(NOON - timedelta(seconds=at), Decimal(100 + at)) for at in (4, 3, 2, 1)]
ONE = Decimal(1)
Draw = Callable[[list[Mark], str], Figure]


def compared(marks: list[Mark], last: str) -> Figure:
    shown = snapshot(marks)
    shown.lines["AAPL"][:] = [*LINE, (NOON, Decimal(last))]
    return prices.compare(shown, as_change=False)


def focused(marks: list[Mark], high: str) -> Figure:
    shown = snapshot(marks)
    start, hundred = NOON - timedelta(minutes=1), 100 * ONE
    shown.candles[:] = [Candle(start, hundred, Decimal(high), 99 * ONE, 101 * ONE, ONE, 140 * ONE, ONE, ONE)]
    return prices.focus(shown, "AAPL", SPAN)


def reach(figure: Figure) -> tuple[float, float] | None:
    clipped = figure["layout"]["yaxis"].get("autorangeoptions")
    return clipped and (clipped["clipmin"], clipped["clipmax"])


def at_edge(figure: Figure) -> list[float]:
    return [height for trace in figure["data"] if trace.get("yaxis") == "y9" for height in trace["y"]]


def found(figure: Figure) -> Figure:
    """Return the marks at their own heights."""
    shown: list[Figure] = [each for each in figure["data"] if "text" in each]
    return shown[0]


@pytest.mark.parametrize("draw", [compared, focused])
def test_a_found_trade_far_off_is_at_the_edge_and_the_others_fill_the_chart(
    draw: Draw,
) -> None:
    for far, side in (("150", "above"), ("50", "below")):
        figure = draw([mark("price_spike", far)], far)
        low, high = reach(figure) or (0, 0)
        assert 98 < low < 101 < high < 105
        (height,) = at_edge(figure)
        assert (height > 0.5) == (side == "above")
        assert found(figure)["text"] == [f"AAPL at {far}.00, {side} all others"]


@pytest.mark.parametrize("draw", [compared, focused])
def test_it_is_at_its_own_height_as_well_for_who_zooms_out(draw: Draw) -> None:
    figure = draw([mark("price_spike", "150")], "150")
    assert found(figure)["y"] == [150]
    assert figure["layout"]["yaxis9"]["overlaying"] == "y"


@pytest.mark.parametrize("draw", [compared, focused])
def test_a_price_that_nobody_found_odd_is_shown_whole(draw: Draw) -> None:
    figure = draw([], "150")
    assert (reach(figure) or (0, 0))[1] > 150
    assert at_edge(figure) == []
    assert "yaxis9" not in figure["layout"]


@pytest.mark.parametrize("far", [150, 50])
def test_a_wick_far_beyond_the_bodies_leaves_the_chart_though_nobody_found_it(far: int) -> None:
    shown, hundred = snapshot([]), 100 * ONE
    usual = Candle(NOON, hundred, 102 * ONE, 99 * ONE, 101 * ONE, ONE, hundred, ONE, ONE)
    odd = replace(usual, high=max(usual.high, far * ONE), low=min(usual.low, far * ONE))
    shown.candles[:] = [usual, odd, usual]
    low, high = reach(prices.focus(shown, "AAPL", SPAN)) or (0, 0)
    assert 97 < low < 99
    assert 102 < high < 105


def test_what_lasts_decides_the_height_though_it_was_found() -> None:
    lasting = Mark(
        NOON, NOON, "AAPL", "price_ramp", ["ramp"], 5.0, 4.0, "up", is_span=True, price=Decimal(150)
    )
    figure = compared([lasting], "150")
    assert (reach(figure) or (0, 0))[1] > 150
    assert at_edge(figure) == []


def test_a_found_trade_among_the_others_is_not_at_the_edge() -> None:
    figure = compared([mark("volume_spike", "102")], "102")
    assert at_edge(figure) == []
    assert found(figure)["text"] == ["AAPL at 102.00"]


def test_prices_that_are_all_the_same_have_no_scale() -> None:
    shown = snapshot([mark("price_spike", "150")])
    shown.lines["AAPL"][:] = [(moment, Decimal(100)) for moment, _ in LINE]
    assert reach(prices.compare(shown, as_change=True)) is None

"""The charts in a real browser: an odd trade does not press the others flat, and can be read at the edge."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from stockstream.connectors.postgres.connection import Connection
from tests.browser.conftest import View
from tests.browser.market import find, put, random_trades
from tests.browser.test_dashboard_live import zoom

ODD = "TSLA at 900.00, above all others"
FAR = 3  # in a row of a trade: its price
RANGES = """(({xaxis, yaxis}) => [xaxis.range, yaxis.range])(
  document.querySelector('.st-key-prices_plot .plot')._fullLayout)"""
RANGE = "(name) => document.querySelector(`.st-key-${name} .plot`)._fullLayout.yaxis.range"


def odd_trade(connection: Connection) -> None:
    """Let one happen now, and have it found."""
    (trade,) = random_trades(1, datetime.now(UTC), 1, seed=2)
    put(connection, [(*trade[:2], "TSLA", Decimal(900), *trade[FAR + 1 :])])
    find(connection, "TSLA")


@pytest.mark.parametrize("chart", ["prices_plot", "candles_plot"])
def test_an_odd_trade_is_read_at_the_edge(
    view: View, dashboard: str, connection: Connection, chart: str
) -> None:
    put(connection, random_trades(500, datetime.now(UTC), 600))
    odd_trade(connection)
    view.open(f"{dashboard}/?prices=price&candles=TSLA&paused=true")
    low, high = view.page.evaluate(RANGE, chart)
    assert 80 < low < high < 220
    box = view.page.locator(f".st-key-{chart} .xy9 .points path").bounding_box()
    assert box is not None
    view.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(view.page.locator(f".st-key-{chart} .hoverlayer")).to_contain_text(ODD)


def test_one_that_comes_while_the_viewer_has_zoomed_leaves_the_zoom(
    view: View, dashboard: str, connection: Connection
) -> None:
    put(connection, random_trades(500, datetime.now(UTC), 600))
    view.open(f"{dashboard}/?prices=price&refresh=1")
    zoom(view, height=100)
    chosen = view.page.evaluate(RANGES)
    odd_trade(connection)
    expect(view.page.locator(".st-key-prices_plot .xy9 .points path")).to_have_count(1)
    assert view.page.evaluate(RANGES) == chosen

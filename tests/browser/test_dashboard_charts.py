"""The charts in a real browser: an odd trade does not press the others flat, and can be read at the edge."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from stockstream.connectors.postgres import Connection
from tests.browser.conftest import View
from tests.browser.market import find, put, random_trades

FAR = 3  # in a row of a trade: its price
RANGE = "(name) => document.querySelector(`.st-key-${name} .plot`)._fullLayout.yaxis.range"


@pytest.mark.parametrize("chart", ["prices_plot", "candles_plot"])
def test_an_odd_trade_is_read_at_the_edge(
    view: View, dashboard: str, connection: Connection, chart: str
) -> None:
    *others, odd = random_trades(500, datetime.now(UTC), 600)
    put(connection, [*others, (*odd[:2], "TSLA", Decimal(900), *odd[FAR + 1 :])])
    find(connection, "TSLA")
    view.open(f"{dashboard}/?prices=Price&candles=TSLA&paused=true")
    low, high = view.page.evaluate(RANGE, chart)
    assert 80 < low < high < 220
    box = view.page.locator(f".st-key-{chart} .xy9 .points path").bounding_box()
    assert box is not None
    view.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(view.page.locator(f".st-key-{chart} .hoverlayer")).to_contain_text(
        "TSLA at 900.00, above all others"
    )

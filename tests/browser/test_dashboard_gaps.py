"""A hole in a feed, in a real browser: shaded beside its candles, marked, and told in words."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from stockstream.connectors.postgres.connection import Address, Connection
from stockstream.connectors.postgres.store.feed_gaps import FeedGaps
from stockstream.market.venues import Gap
from tests.browser.conftest import View
from tests.browser.market import put, random_trades

MINUTE = timedelta(minutes=1)
SHAPES = "() => document.querySelector('.st-key-candles_plot .plot')._fullLayout.shapes.length"


@pytest.fixture
def hole(connection: Connection, address: Address) -> Gap:
    """A quarter of an hour of trades; of TSLA those of two minutes within are missing."""
    now = datetime.now(UTC)
    put(connection, random_trades(900, now, 900))
    start = now.replace(second=10, microsecond=0) - 8 * MINUTE
    made = Gap("TSLA", start, start + 2 * MINUTE, 77, "the venue does not give them: HTTP 401")
    FeedGaps(address, "binance").write([made])
    return made


@pytest.mark.parametrize(
    "path", ["/?candles=TSLA&times=UTC&paused=true", "/symbol?symbol=TSLA&times=UTC&paused=true"]
)
def test_a_hole_is_seen_beside_its_candles(view: View, dashboard: str, hole: Gap, path: str) -> None:
    view.open(f"{dashboard}{path}", charts=2)
    told = f"binance, {hole.start:%H:%M:%S} to {hole.end:%H:%M:%S}: 77 trades missing ({hole.reason})"
    expect(view.page.locator(".gaps")).to_have_text(f"Trades of TSLA are missing where it is shaded: {told}.")
    shade = view.page.locator(".st-key-candles_plot .shapelayer path")
    expect(shade).to_have_count(1)
    mark = view.page.locator(".st-key-candles_plot .xy9 .points path")
    expect(mark).to_have_count(1)
    seen, band = mark.bounding_box(), shade.bounding_box()
    assert seen is not None
    assert band is not None
    assert band["x"] < seen["x"] < band["x"] + band["width"]
    view.page.mouse.move(seen["x"] + seen["width"] / 2, seen["y"] + seen["height"] / 2)
    expect(view.page.locator(".st-key-candles_plot .hoverlayer")).to_contain_text(told)


@pytest.mark.usefixtures("hole")
def test_another_symbol_has_no_hole(view: View, dashboard: str) -> None:
    view.open(f"{dashboard}/symbol?symbol=AAPL&paused=true", charts=2)
    assert view.page.evaluate(SHAPES) == 0
    expect(view.page.locator(".gaps")).to_have_count(0)

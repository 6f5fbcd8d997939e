"""The dashboard in a real browser while trades happen: numbers move, and nothing else does."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from stockstream.connectors.postgres.connection import Address, Connection
from stockstream.ui.html.formatting import age
from tests.browser.conftest import TIMEOUT, View
from tests.browser.market import find, put, random_trades, trading
from tests.waiting import until

CHARTS = ("prices_plot", "candles_plot", "value_plot", "volume_plot")
TAG = "for (const node of document.querySelectorAll('.plot')) node.kept = true"
COUNT_REMOVED = """
window.removed = 0
new MutationObserver((changes) => {
  for (const change of changes) for (const node of change.removedNodes)
    if (node.nodeType === 1 && (node.matches('.plot') || node.querySelector('.plot'))) window.removed += 1
}).observe(document.body, {subtree: true, childList: true})
"""
KEPT = "[...document.querySelectorAll('.plot')].map((node) => node.kept === true)"
COUNT_SHIFTS = """
window.shifts = 0
new PerformanceObserver((list) => {
  for (const shift of list.getEntries()) window.shifts += shift.value
}).observe({type: 'layout-shift'})
"""
RANGE = "document.querySelector('.st-key-prices_plot .plot')._fullLayout.xaxis.range"
SCROLLER = """(function up(node) {
  return /auto|scroll/.test(getComputedStyle(node).overflowY) ? node : up(node.parentElement)
})(document.querySelector('.st-key-tape'))"""
VIEW = """(() => ({
  zoom: document.querySelector('.st-key-prices_plot .plot')._fullLayout.xaxis.range,
  order: new URL(location).searchParams.get('order'),
  scroll: SCROLLER.scrollTop,
}))()""".replace("SCROLLER", SCROLLER)
NEWEST = "document.querySelector('.st-key-prices_plot .plot').data.map((t) => t.x.at(-1)).sort().at(-1)"


@pytest.fixture
def live(connection: Connection, address: Address) -> Iterator[None]:
    """Ten minutes of trades with a finding, and trading that goes on."""
    put(connection, random_trades(2_000, datetime.now(UTC), 600))
    find(connection, "TSLA", why="TSLA is far off")
    with trading(address):
        yield


def number(text: str) -> int:
    return int(text.replace(",", ""))


@pytest.mark.usefixtures("live")
def test_sixty_refreshes_move_the_numbers_and_nothing_else(view: View, dashboard: str) -> None:
    """Zoom, order, scroll, typed text and the charts' nodes are as they were; nothing has shifted."""
    view.open(f"{dashboard}/?order=trades")
    page = view.page
    zoom(view)
    page.evaluate(f"{SCROLLER}.scrollTop = 130")
    typed = page.get_by_test_id("stSidebar").get_by_role("combobox").first
    typed.fill("TSL")
    page.evaluate(TAG)
    page.evaluate(COUNT_REMOVED)
    page.evaluate(COUNT_SHIFTS)
    kept, before = page.evaluate(VIEW), number(view.total("Trades"))
    newest = page.evaluate(NEWEST)
    view.refreshes(60)
    until(lambda: page.evaluate(NEWEST) > newest, TIMEOUT)
    assert number(view.total("Trades")) > before
    assert page.evaluate(VIEW) == kept
    assert kept["scroll"] == 130
    assert typed.input_value() == "TSL"
    assert page.evaluate(KEPT) == [True] * len(CHARTS)
    assert page.evaluate("[window.removed, window.shifts]") == [0, 0]
    assert re.search(r"newest trade \d+\.\d s ago", view.status())


def zoom(view: View, height: int = 10) -> None:
    """Draw a rectangle on the chart of the prices with the mouse; a low one chooses times alone."""
    box = view.page.locator(".st-key-prices_plot .nsewdrag").first.bounding_box()
    assert box is not None
    usual = view.page.evaluate(RANGE)
    view.page.mouse.move(box["x"] + 100, box["y"] + 60)
    view.page.mouse.down()
    view.page.mouse.move(box["x"] + 300, box["y"] + 60 + height, steps=5)
    view.page.mouse.up()
    until(lambda: view.page.evaluate(RANGE) != usual, TIMEOUT)


@pytest.mark.usefixtures("live")
def test_pause_stops_the_picture_and_not_the_age(view: View, dashboard: str) -> None:
    view.open(f"{dashboard}/?paused=true")
    expect(view.page.locator(".status")).to_contain_text("paused")
    before, said = view.total("Trades"), view.status()
    for _ in range(3):
        expect(view.page.locator(".status")).not_to_have_text(said)
        said = view.status()
    assert view.total("Trades") == before


@pytest.mark.usefixtures("live")
def test_the_browser_tells_an_age_as_the_server_does(view: View, dashboard: str) -> None:
    view.open(dashboard)
    for seconds in (0.0, 0.84, 59.9, 60.0, 75.0, 3_599.0, 3_600.0, 7_300.0, 86_400.0, 200_000.0):
        assert view.page.evaluate("(age) => window.stockstreamAge(age)", seconds) == age(seconds)


@pytest.mark.usefixtures("live")
def test_the_age_stays_in_sight_at_the_end_of_the_page(view: View, dashboard: str) -> None:
    view.open(dashboard)
    view.page.locator(".st-key-findings").scroll_into_view_if_needed()
    expect(view.page.locator(".status")).to_be_in_viewport()


@pytest.mark.usefixtures("live")
def test_a_control_is_kept_in_the_address(view: View, dashboard: str) -> None:
    view.open(dashboard)
    view.page.get_by_test_id("stSidebar").get_by_text("5m", exact=True).click()
    expect(view.page.locator(".status")).to_contain_text("last 5 minutes")
    assert "window=5m" in view.page.url
    view.open(view.page.url)
    expect(view.page.locator(".status")).to_contain_text("last 5 minutes")

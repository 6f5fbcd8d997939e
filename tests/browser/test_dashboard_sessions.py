"""Sessions in a real browser: regular hours and the times of the exchange, as controls and as addresses."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from stockstream.connectors.postgres.connection import Connection
from tests.browser.conftest import View, looking
from tests.browser.market import exchange_week, put, random_trades
from tests.browser.test_dashboard_controls import segment
from tests.browser.test_dashboard_live import zoom

NEXT_SESSION = datetime(2013, 12, 3, 16, tzinfo=UTC)
RANGE = "() => document.querySelector('.st-key-prices_plot .plot')._fullLayout.xaxis.range"
CANDLES = ".st-key-candles_plot .plot"
AXIS = "() => document.querySelector('.st-key-candles_plot .plot')._fullLayout.xaxis"
BREAKS = f"() => (({AXIS})().rangebreaks ?? []).map((each) => each.bounds)"
# The distance in pixels between neighbouring candles.
STEPS = """() => {
  const {_fullLayout, _fullData} = document.querySelector('.st-key-candles_plot .plot')
  const [{x}] = _fullData
  const at = x.map((each) => _fullLayout.xaxis.d2p(each))
  return at.slice(1).map((each, place) => each - at[place])
}"""
CHECKED = ".st-key-{name} [aria-checked=true]:has-text('{value}')"


@pytest.fixture
def page(chromium: Browser, dashboard: str, connection: Connection) -> Iterator[Page]:
    """A page over the sessions around a holiday."""
    del dashboard
    exchange_week(connection)
    with looking(chromium) as seen:
        yield seen.page


@pytest.mark.parametrize("path", ["symbol?symbol=AAPL&width=1h&", "?candles=AAPL&symbols=AAPL&"])
def test_the_controls_act_and_come_back_from_the_address(
    chromium: Browser, page: Page, dashboard: str, path: str
) -> None:
    page.goto(f"{dashboard}/{path}window=all&paused=true")
    expect(page.locator(f"{CANDLES} .main-svg").first).to_be_visible()
    assert page.evaluate(BREAKS) == []
    segment("regular")(page)
    page.wait_for_url("**hours=regular*")
    expect(page.locator(".status")).to_contain_text("regular hours")
    segment("exchange")(page)
    page.wait_for_url("**times=exchange*")
    expect(page.locator(".tape th").first).to_have_text("Time (EST)")
    expect(page.locator(".tape tbody tr").first).to_contain_text("15:59:30.000")
    with looking(chromium) as other:
        other.page.goto(page.url)
        expect(other.page.locator(".tape tbody tr").first).to_contain_text("15:59:30.000")
        for name, value in (("hours", "regular"), ("times", "exchange")):
            expect(other.page.locator(CHECKED.format(name=name, value=value))).to_have_count(1)
        expect(other.page.locator(f"{CANDLES} .main-svg").first).to_be_visible()
        assert ["2013-11-27 16:00:00.000", "2013-11-29 09:00:00.000"] in other.page.evaluate(BREAKS)
        assert other.page.url == page.url


def test_no_night_and_no_holiday_lies_between_candles(page: Page, dashboard: str) -> None:
    address = f"{dashboard}/symbol?symbol=AAPL&window=all&times=exchange&paused=true&width="
    page.goto(f"{address}1h&hours=regular")
    expect(page.locator(f"{CANDLES} .main-svg").first).to_be_visible()
    # 7 candles from 9:00, and 4 on the half day.
    steps = page.evaluate(STEPS)
    assert len(steps) == 4 * 7 + 4 - 1
    assert max(steps) - min(steps) < 1
    page.goto(f"{address}1d&hours=regular")
    expect(page.locator(f"{CANDLES} .main-svg").first).to_be_visible()
    steps = page.evaluate(STEPS)
    assert len(steps) == 4
    assert max(steps) - min(steps) < 1
    page.goto(f"{address}1h")
    expect(page.locator(f"{CANDLES} .main-svg").first).to_be_visible()
    steps = page.evaluate(STEPS)
    assert max(steps) > 50 * min(steps)


def test_auctions_are_told_on_the_tape(page: Page, dashboard: str) -> None:
    page.goto(
        f"{dashboard}/symbol?symbol=AAPL&window=range&from=2013-12-02T20:55&to=2013-12-02T21:02&paused=true"
    )
    rows = page.locator(".tape tbody tr")
    expect(rows.filter(has_text="closing auction")).to_have_count(2)
    expect(rows.filter(has_text="official close")).to_have_count(1)


def test_what_never_closes_looks_the_same_in_regular_hours(page: Page, dashboard: str) -> None:
    seen = []
    for hours in ("all", "regular"):
        page.goto(f"{dashboard}/symbol?symbol=BTC-USD&window=24h&times=exchange&paused=true&hours={hours}")
        expect(page.locator(".tape th").first).to_have_text("Time (UTC)")
        expect(page.locator(f"{CANDLES} .main-svg").first).to_be_visible()
        assert page.evaluate(BREAKS) == []
        assert "regular hours" not in page.locator(".status").inner_text()
        seen.append([page.locator(part).inner_text() for part in (".totals", ".tape")])
    assert seen[0] == seen[1]


def test_a_zoom_stays_while_sessions_are_shown_live(
    view: View, dashboard: str, connection: Connection
) -> None:
    exchange_week(connection)
    view.open(f"{dashboard}/?candles=AAPL&window=all&hours=regular&refresh=1&prices=price")
    assert len(view.page.evaluate(BREAKS)) >= 4
    zoom(view, height=100)
    chosen, before = view.page.evaluate(RANGE), view.total("Trades")
    put(connection, random_trades(5, NEXT_SESSION, 60))
    expect(view.page.locator(".totals")).not_to_contain_text(before)
    assert view.page.evaluate(RANGE) == chosen

"""The table of the symbols: its heads sort it, by mouse and by keyboard, and its rows open their symbol."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from stockstream.connectors.postgres.connection import Address, Connection
from tests.browser.conftest import View, looking
from tests.browser.market import SYMBOLS, find, put, random_trades, trading

ROWS = ".performance tbody tr"
FOCUSED = "document.activeElement.textContent"


@pytest.fixture
def live(connection: Connection, address: Address) -> Iterator[None]:
    """Ten minutes of trades with a finding, and trading that goes on."""
    put(connection, random_trades(1_000, datetime.now(UTC), 600))
    find(connection, "TSLA")
    with trading(address):
        yield


def head(page: Page, name: str) -> Locator:
    return page.locator(".performance").get_by_role("columnheader", name=name, exact=True)


def shown(page: Page) -> list[str]:
    symbols: list[str] = page.locator(ROWS).evaluate_all("rows => rows.map((row) => row.dataset.symbol)")
    return symbols


@pytest.mark.usefixtures("live")
def test_a_head_sorts_by_click_and_by_keyboard_and_a_refresh_leaves_it(
    chromium: Browser, view: View, dashboard: str
) -> None:
    view.open(dashboard)
    page = view.page
    expect(head(page, "Value $")).to_have_attribute("aria-sort", "descending")
    head(page, "Symbol").get_by_role("button").click()
    expect(head(page, "Symbol")).to_have_attribute("aria-sort", "ascending")
    page.wait_for_url("**order=symbol*")
    assert shown(page) == sorted(SYMBOLS)
    view.refreshes(2)
    assert page.evaluate(FOCUSED) == "Symbol"
    page.keyboard.press("Enter")
    expect(head(page, "Symbol")).to_have_attribute("aria-sort", "descending")
    page.get_by_test_id("stSidebar").get_by_text("5m", exact=True).click()
    expect(page.locator(".status")).to_contain_text("last 5 minutes")
    view.refreshes(10)
    assert "window=5m" in page.url
    assert shown(page) == sorted(SYMBOLS, reverse=True)
    assert head(page, "Value $").get_attribute("aria-sort") is None
    with looking(chromium) as other:
        other.page.goto(page.url)
        expect(head(other.page, "Symbol")).to_have_attribute("aria-sort", "descending")
        assert shown(other.page) == sorted(SYMBOLS, reverse=True)
        assert other.page.url == page.url


@pytest.mark.usefixtures("live")
def test_each_head_but_the_pictures_is_reached_by_tab_and_sorts(view: View, dashboard: str) -> None:
    view.open(dashboard)
    page = view.page
    head(page, "Symbol").get_by_role("button").focus()
    reached = []
    for _ in range(10):
        reached.append(page.evaluate(FOCUSED))
        page.keyboard.press("Space")
        now = page.locator(".performance th[aria-sort]")
        expect(now).to_have_text(reached[-1])
        page.keyboard.press("Tab")
    assert len(set(reached)) == 10
    assert "Trend" not in reached


@pytest.mark.usefixtures("live")
def test_a_row_opens_its_symbol(view: View, dashboard: str) -> None:
    view.open(f"{dashboard}/?window=60m")
    view.page.locator(f"{ROWS}[data-symbol=MSFT] td.spark").click()
    expect(view.page.get_by_role("heading", name="Candles of MSFT")).to_be_visible()
    expect(view.page.locator(".status")).to_contain_text("last 60 minutes")

"""Every control of the pages: it does what it says, stands in the address, and comes back from there."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from stockstream.connectors.postgres.connection import Connection
from tests.browser.conftest import looking
from tests.browser.market import find, put, random_trades

READY = {"": ".st-key-ranking", "symbol": ".st-key-imbalance_plot", "anomalies": ".st-key-card_findings"}
FIRST_ROW, FINDINGS = ".performance tbody tr:first-child", ".st-key-card_findings"


@pytest.fixture
def page(chromium: Browser, dashboard: str, connection: Connection) -> Iterator[Page]:
    """A page over an hour of trades that stands still, with two findings."""
    del dashboard
    put(connection, random_trades(1_500, datetime.now(UTC), 3_600))
    find(connection, "TSLA", "price_spike", "TSLA is far off")
    find(connection, "AAPL", "volume_spike", "AAPL is in great demand")
    with looking(chromium) as seen:
        yield seen.page


@dataclass(frozen=True)
class Control:
    """A control: how a person sets it, what then stands in the address, and what is seen.

    What is seen holds whatever else is set: in the end all of them are, together.
    """

    set: Callable[[Page], None]
    address: str
    seen: str


def segment(name: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_role("radio", name=name, exact=True).last.click()


def chosen(label: str, option: str) -> Callable[[Page], None]:
    """Choose from a list; one that takes several stays open, and hides what is behind it."""

    def choose(page: Page) -> None:
        lists = page.locator("[data-testid=stSelectbox], [data-testid=stMultiSelect]")
        box = lists.filter(has=page.get_by_text(label, exact=True)).get_by_role("combobox")
        box.fill(option)
        page.get_by_role("option", name=option, exact=True).click()
        page.keyboard.press("Escape")
        expect(page.get_by_role("listbox")).to_have_count(0)

    return choose


def sorted_by(head: str) -> Callable[[Page], None]:
    return lambda page: page.locator(".performance").get_by_role("button", name=head, exact=True).click()


def slid(label: str, key: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_role("slider", name=label).press(key)


def switched(label: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_test_id("stCheckbox").filter(has_text=label).locator("label").click()


PAGES = {
    "": (
        Control(segment("60m"), "window=60m", ".status:has-text('last 60 minutes')"),
        Control(segment("price"), "prices=price", ".st-key-prices [aria-checked=true]:has-text('price')"),
        Control(sorted_by("Symbol"), "order=symbol", f"{FIRST_ROW}:has-text('AAPL')"),
        Control(chosen("Symbol of the candles", "AAPL"), "candles=AAPL", "h3:has-text('Candles of AAPL')"),
        Control(slid("Recent trades", "Home"), "trades=10", ".tape tbody:not(:has(tr:nth-child(11)))"),
        Control(switched("Anomalies only"), "anomalies=true", ".performance:not(:has-text('MSFT'))"),
        Control(chosen("Symbols", "AAPL"), "symbols=AAPL", ".performance:not(:has-text('TSLA'))"),
        Control(segment("UTC"), "times=UTC", ".tape th:has-text('UTC')"),
        Control(slid("Refresh every", "End"), "refresh=10", ".status"),
        Control(switched("Pause"), "paused=true", ".status:has-text('paused')"),
        Control(segment("dark"), "theme=dark", "body:has(.stApp)"),
    ),
    "symbol": (
        Control(chosen("Symbol", "TSLA"), "symbol=TSLA", "h3:has-text('Candles of TSLA')"),
        Control(segment("5m"), "width=5m", ".st-key-width [aria-checked=true]:has-text('5m')"),
    ),
    "anomalies": (
        Control(chosen("Kinds", "volume_spike"), "kind=volume_spike", f"{FINDINGS}:not(:has-text('TSLA'))"),
        Control(chosen("Methods", "zscore"), "method=zscore", ".st-key-method:has-text('zscore')"),
        Control(slid("Score, in thresholds", "End"), "score=10", f"{FINDINGS}:has-text('Nothing unusual')"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path or "market")
def test_every_control_acts_and_comes_back_from_the_address(
    chromium: Browser, page: Page, dashboard: str, path: str
) -> None:
    page.goto(f"{dashboard}/{path}")
    page.locator(READY[path]).wait_for()
    if path == "symbol":
        # The page has chosen its first symbol by then, and no longer chooses itself.
        page.wait_for_url("**symbol=*")
    for control in PAGES[path]:
        control.set(page)
        page.wait_for_url(f"**{control.address}*")
        expect(seen(page, control)).not_to_have_count(0)
    with looking(chromium) as other:
        other.page.goto(page.url)
        for control in PAGES[path]:
            expect(seen(other.page, control)).not_to_have_count(0)
        assert ground(other.page) == ground(page)
        assert other.page.url == page.url


def seen(page: Page, control: Control) -> Locator:
    return page.locator(control.seen)


def ground(page: Page) -> str:
    """Return the colour behind everything."""
    colour: str = page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    return colour

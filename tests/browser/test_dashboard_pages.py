"""The pages in a real browser: links that restore a view, ways from one to the other, files, and access."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from stockstream.connectors.postgres.connection import Connection
from tests.browser.conftest import View, holds, looking
from tests.browser.market import find, put, random_trades

AXE = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
PAGES = {
    "": ".heat td",
    "symbol": ".st-key-imbalance_plot .main-svg",
    "anomalies": ".findings li",
    "system": ".sessions td",
}


@pytest.fixture
def newest(connection: Connection) -> datetime:
    """An hour of trades that ended a moment ago, with two findings; returns the newest's time."""
    end = datetime.now(UTC)
    put(connection, random_trades(1_500, end, 3_600))
    find(connection, "TSLA", "price_spike", "TSLA is far off")
    find(connection, "AAPL", "volume_spike", "AAPL is in great demand")
    return end


@pytest.fixture
def open_view(chromium: Browser, dashboard: str, newest: datetime) -> Iterator[View]:
    """A page of a browser over that hour."""
    del dashboard, newest
    with looking(chromium) as seen:
        yield seen


def visit(page: Page, dashboard: str, path: str, query: str = "") -> None:
    page.goto(f"{dashboard}/{path}?{query}")
    page.locator(PAGES[path]).first.wait_for()


@pytest.mark.smoke
def test_every_page_draws_and_its_console_is_silent(open_view: View, dashboard: str) -> None:
    for path in PAGES:
        visit(open_view.page, dashboard, path)


def test_a_copied_link_opens_the_same_view_in_another_browser(
    chromium: Browser, open_view: View, dashboard: str, newest: datetime
) -> None:
    since = (newest - timedelta(minutes=30)).strftime("%Y-%m-%dT%H:%M")
    until = (newest - timedelta(minutes=10)).strftime("%Y-%m-%dT%H:%M")
    page = open_view.page
    visit(page, dashboard, "symbol", f"window=range&from={since}&to={until}&times=UTC&paused=true")
    page.get_by_text("5m", exact=True).last.click()
    page.get_by_test_id("stSelectbox").get_by_role("combobox").first.click()
    page.get_by_role("option", name="TSLA").click()
    expect(page.get_by_role("heading", name="Candles of TSLA")).to_be_visible()
    expect(page.locator(".status")).to_contain_text("UTC")
    page.wait_for_url("**/symbol?*symbol=TSLA*")
    told = page.locator(".totals").inner_text()
    with looking(chromium) as other:
        other.page.goto(page.url)
        expect(other.page.get_by_role("heading", name="Candles of TSLA")).to_be_visible()
        expect(other.page.locator(".totals")).to_have_text(told, use_inner_text=True)
        assert other.page.url == page.url
        assert "width=5m" in page.url


def test_the_window_stays_from_page_to_page(open_view: View, dashboard: str) -> None:
    page = open_view.page
    page.goto(f"{dashboard}/?window=60m&times=UTC")
    # The first click comes as soon as there is something to click, the others before a page has come.
    for title in ("Anomalies", "System", "Symbol", "Market", "Anomalies", "Symbol"):
        go_to(page, title)
    for title, path in (
        ("Anomalies", "anomalies"),
        ("System", "system"),
        ("Market", ""),
        ("Symbol", "symbol"),
    ):
        go_to(page, title)
        kept = {"window": "60m", "times": "UTC"} | ({"symbol": "AAPL"} if path == "symbol" else {})
        page.wait_for_url(holds(path, **kept))
    expect(page.locator(".status")).to_contain_text("last 60 minutes")
    expect(page.locator(".status")).to_contain_text("UTC")


def go_to(page: Page, title: str) -> None:
    page.get_by_test_id("stTopNavLink").filter(has_text=title).click()


def test_a_choice_stays_in_the_address_although_an_older_one_arrives_after_it(
    open_view: View, dashboard: str
) -> None:
    page, sockets, held = open_view.page, list[WebSocketRoute](), list[bytes]()

    def relay(browser: WebSocketRoute) -> None:
        def pass_on(message: str | bytes) -> None:
            if isinstance(message, bytes) and has_address(message):
                held.append(message)
            else:
                browser.send(message)

        sockets.append(browser)
        browser.connect_to_server().on_message(pass_on)

    page.route_web_socket("**/_stcore/stream", relay)
    visit(page, dashboard, "symbol")
    page.get_by_test_id("stSelectbox").get_by_role("combobox").first.click()
    page.get_by_role("option", name="TSLA").click()
    expect(page.get_by_role("heading", name="Candles of TSLA")).to_be_visible()
    page.wait_for_url("**symbol=TSLA*")
    older, *newer = held
    sockets[0].send(older)
    page.wait_for_url("**symbol=AAPL*")
    for message in newer:
        sockets[0].send(message)
    page.wait_for_url("**symbol=TSLA*")


def has_address(message: bytes) -> bool:
    return str(ForwardMsg.FromString(message).WhichOneof("type")) == "page_info_changed"


def test_a_click_on_a_symbol_opens_it_and_one_on_a_finding_its_moment(
    open_view: View, dashboard: str
) -> None:
    page = open_view.page
    visit(page, dashboard, "", "window=60m")
    page.locator(".performance").get_by_role("link", name="MSFT").click()
    expect(page.get_by_role("heading", name="Candles of MSFT")).to_be_visible()
    expect(page.locator(".status")).to_contain_text("last 60 minutes")
    visit(page, dashboard, "anomalies")
    page.locator(".findings").get_by_role("link", name="TSLA").click()
    expect(page.get_by_role("heading", name="Candles of TSLA")).to_be_visible()
    expect(page.locator(".findings")).to_contain_text("TSLA is far off")
    expect(page.locator(".st-key-candles_plot .scatterlayer .point").first).to_be_visible()


def test_what_is_shown_can_be_taken_along(open_view: View, dashboard: str, connection: Connection) -> None:
    page = open_view.page
    visit(page, dashboard, "", "window=all")
    with page.expect_download() as downloading:
        page.locator(".st-key-performance_csv").get_by_role("button").click()
    rows = list(csv.DictReader(io.StringIO(Path(downloading.value.path()).read_text("utf-8"))))
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT symbol, sum(price * volume) FROM trades GROUP BY symbol ORDER BY 2 DESC")
        assert [(row["symbol"], Decimal(row["value"])) for row in rows] == cursor.fetchall()


def test_kinds_narrow_the_findings_and_stay_in_the_address(open_view: View, dashboard: str) -> None:
    page = open_view.page
    visit(page, dashboard, "anomalies", "kind=volume_spike")
    expect(page.locator(".findings li")).to_have_count(1)
    expect(page.locator(".findings")).to_contain_text("AAPL is in great demand")


def test_times_are_the_readers_unless_utc_is_asked_for(
    chromium: Browser, dashboard: str, newest: datetime
) -> None:
    del newest
    context = chromium.new_context(timezone_id="Asia/Kolkata")
    page = context.new_page()
    visit(page, dashboard, "")
    expect(page.locator(".tape th").first).to_have_text("Time (IST)")
    visit(page, dashboard, "", "times=UTC")
    expect(page.locator(".tape th").first).to_have_text("Time (UTC)")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_on_a_page_shuts_people_out(
    chromium: Browser, dashboard: str, newest: datetime, scheme: str
) -> None:
    del newest
    context = chromium.new_context(color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    faults = []
    for path in PAGES:
        visit(page, dashboard, path, "paused=true")
        page.evaluate(AXE)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        faults += [
            (path, fault["id"], fault["impact"], fault["nodes"][0]["target"], len(fault["nodes"]))
            for fault in found
            if fault["impact"] in {"serious", "critical"}
        ]
    context.close()
    assert not faults

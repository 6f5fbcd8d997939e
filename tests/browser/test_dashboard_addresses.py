"""Every address that is documented or that a page links to, opened in a fresh browser and held to SQL."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from stockstream.connectors.postgres.connection import Connection, address_of, connect
from stockstream.services.servers.scratch import Scratch
from stockstream.settings import PROJECT, Settings
from tests.browser.conftest import holds, serving
from tests.browser.odd_market import BEHIND, BEHIND_TRADES, LATE_TRADES, QUIET, make
from tests.fresh import environment_of, fresh

Query = dict[str, list[str]]

DOCUMENTS = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]
DOCUMENTED = re.compile(r"`(/(?:(?:symbol|anomalies|system)?\?[^`\s]+|symbol|anomalies|system)?)`")
MINUTES = {"1m": 1, "5m": 5, "15m": 15, "60m": 60, "24h": 1440}
LINKS = "links => links.map(link => link.href)"

SPAN = """
SELECT greatest(date_trunc('minute', max(timestamp) - %s), date_trunc('minute', min(timestamp))),
    max(timestamp) + interval '1 microsecond'
FROM trades
"""
TAPE = """
SELECT to_char(timestamp AT TIME ZONE 'UTC', 'HH24:MI:SS.US'), symbol FROM trades
WHERE timestamp >= %(since)s AND timestamp < %(until)s AND (symbol = ANY (%(symbols)s) OR %(symbols)s = '{}')
    AND (NOT %(found)s OR (source, symbol, trade_id) IN (SELECT source, symbol, trade_id FROM anomalies))
ORDER BY timestamp DESC LIMIT %(most)s
"""
ON_TIME = """
SELECT to_char(count(*), 'FM999,999') FROM trades
WHERE timestamp >= %(since)s AND timestamp < %(until)s AND (symbol = ANY (%(symbols)s) OR %(symbols)s = '{}')
"""
CANDLES = """
SELECT to_char(date_bin(%(width)s, timestamp, 'epoch') AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'),
    (array_agg(price ORDER BY timestamp))[1]::float, max(price)::float, min(price)::float,
    (array_agg(price ORDER BY timestamp DESC))[1]::float
FROM trades WHERE symbol = %(symbol)s AND timestamp >= %(since)s AND timestamp < %(until)s
GROUP BY date_bin(%(width)s, timestamp, 'epoch') ORDER BY 1
"""
FINDINGS = """
SELECT explanation FROM anomalies
WHERE span_end >= %(since)s AND span_end < %(until)s AND (symbol = ANY (%(symbols)s) OR %(symbols)s = '{}')
    AND (kind = ANY (%(kinds)s) OR %(kinds)s = '{}') AND score >= threshold * %(score)s
    AND (methods && %(methods)s OR %(methods)s = '{}')
ORDER BY span_end DESC, symbol
"""
FIGURE = """key => {
    const { data, _fullLayout } = document.querySelector(`.st-key-${key} .plot`)
    const { x, open, high, low, close } = data[0]
    return [_fullLayout.xaxis.range, x.map((at, n) => [at.slice(0, 16), open[n], high[n], low[n], close[n]])]
}"""


@pytest.fixture(scope="module")
def market(servers: Scratch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A market with all kinds of symbols, which no test of this file changes."""
    with fresh(servers.settings, tmp_path_factory.mktemp("market")) as settings:
        with closing(connect(address_of(settings), "test")) as connection:
            make(settings, environment_of(settings), connection)
        yield settings


@pytest.fixture(scope="module")
def dashboard(market: Settings) -> Iterator[str]:
    """One dashboard for all of them."""
    with serving({**environment_of(market), "STREAMLIT_REFRESH_INTERVAL": "1"}) as address:
        yield address


@pytest.fixture
def connection(market: Settings) -> Iterator[Connection]:
    """An open connection to that market."""
    with closing(connect(address_of(market), "test")) as opened:
        yield opened


@pytest.fixture
def page(chromium: Browser, dashboard: str) -> Iterator[Page]:
    """A page of a fresh browser."""
    del dashboard
    with fresh_page(chromium) as opened_page:
        yield opened_page


def rows(
    connection: Connection, sql: str, facts: Mapping[str, Any] | Sequence[Any] | None = None
) -> list[tuple[Any, ...]]:
    with connection, connection.cursor() as cursor:
        cursor.execute(sql, facts)
        return cursor.fetchall()


def facts_of(connection: Connection, query: Query) -> dict[str, Any]:
    """Return what an address asks for, as SQL takes it."""
    window = query.get("window", ["15m"])[0]
    length = timedelta(minutes=MINUTES.get(window, 10**8))
    ((since, until),) = rows(connection, SPAN, (length,))
    if window == "range":
        since, until = (datetime.fromisoformat(query[name][0]).replace(tzinfo=UTC) for name in ("from", "to"))
    return {
        "since": since,
        "until": until,
        "symbols": [*query.get("symbol", []), *query.get("symbols", [])],
        "found": query.get("anomalies") == ["true"],
        "most": int(query.get("trades", ["30"])[0]),
        "kinds": query.get("kind", []),
        "methods": query.get("method", []),
        "score": float(query.get("score", ["1"])[0]),
    }


def assert_shows(page: Page, connection: Connection) -> None:
    """Hold what a page shows to what SQL says about its address."""
    place = urlsplit(page.url)
    query = parse_qs(place.query)
    facts = facts_of(connection, query)
    if place.path.endswith("anomalies"):
        found = [text for (text,) in rows(connection, FINDINGS, facts)]
        expect(page.locator(".findings p")).to_have_text(found)
    elif place.path.endswith("system"):
        expect(total(page, "Late trades")).to_have_text(str(LATE_TRADES))
    else:
        assert_trades(page, connection, facts)
        if "symbol" in query and query.get("width") == ["1m"]:
            assert_candles(page, connection, facts)


def assert_trades(page: Page, connection: Connection, facts: dict[str, Any]) -> None:
    tape = rows(connection, TAPE, facts)
    if not tape:
        facts = {
            **facts,
            "since": datetime(1970, 1, 1, tzinfo=UTC),
            "until": datetime(9999, 1, 1, tzinfo=UTC),
        }
        tape = rows(connection, TAPE, facts)
        expect(page.locator(".note")).to_contain_text("No trade of")
    else:
        ((trades,),) = rows(connection, ON_TIME, facts)
        expect(total(page, "Trades")).to_have_text(trades)
    expect(page.locator(".tape .time")).to_have_text([re.compile(f"{time[:-3]}$") for time, _ in tape])
    expect(page.locator(".tape tbody .name")).to_have_text([symbol for _, symbol in tape])


def assert_candles(page: Page, connection: Connection, facts: dict[str, Any]) -> None:
    symbol, minute = facts["symbols"][0], timedelta(minutes=1)
    page.locator(".st-key-candles_plot .main-svg").first.wait_for()
    between, candles = page.evaluate(FIGURE, "candles_plot")
    told = rows(connection, CANDLES, {**facts, "symbol": symbol, "width": minute})
    assert [tuple(each) for each in candles] == told
    assert [datetime.fromisoformat(end).replace(tzinfo=UTC) for end in between] == [
        facts["since"],
        facts["until"],
    ]


def total(page: Page, label: str) -> Locator:
    name = page.locator("dt").get_by_text(label, exact=True)
    return page.locator(".totals > div").filter(has=name).locator(".value")


@contextmanager
def fresh_page(chromium: Browser) -> Iterator[Page]:
    """Open a page of a browser that knows nothing of the dashboard."""
    with closing(chromium.new_context(timezone_id="UTC")) as context:
        yield context.new_page()


def opened(chromium: Browser, address: str, connection: Connection) -> None:
    with fresh_page(chromium) as page:
        page.goto(address)
        page.locator(".totals").wait_for()
        assert_shows(page, connection)


def documented() -> set[str]:
    return {found for text in DOCUMENTS for found in DOCUMENTED.findall(text.read_text("utf-8"))}


def test_every_documented_address_shows_what_the_database_has(
    chromium: Browser, dashboard: str, connection: Connection
) -> None:
    for address in sorted(documented()):
        opened(chromium, f"{dashboard}{address}", connection)


def test_every_link_of_a_page_shows_what_the_database_has(
    chromium: Browser, page: Page, dashboard: str, connection: Connection
) -> None:
    links: set[str] = set()
    for address, drawn in (
        ("?window=all", (".performance a", ".findings a")),
        ("anomalies?window=all", (".findings a",)),
        (f"symbol?symbol={QUIET}", (".note a",)),
    ):
        page.goto(f"{dashboard}/{address}")
        for part in drawn:
            page.locator(part).first.wait_for()
        links |= set(page.locator("a[href*='symbol?']").evaluate_all(LINKS))
    assert len(links) > len(rows(connection, "SELECT DISTINCT symbol FROM trades"))
    pages = page.get_by_test_id("stTopNavLink").evaluate_all(LINKS)
    assert {link.removeprefix(dashboard) for link in pages} == {"/", "/symbol", "/anomalies", "/system"}
    assert documented().issuperset(link.removeprefix(dashboard) for link in pages)
    for link in sorted(links):
        opened(chromium, link, connection)


def test_a_finding_opens_at_its_moment(
    chromium: Browser, page: Page, dashboard: str, connection: Connection
) -> None:
    page.goto(f"{dashboard}/anomalies?window=all")
    finding = page.locator(".findings li").filter(has_text="MSFT was far off")
    link = finding.get_by_role("link").evaluate("link => link.href")
    ((at,),) = rows(connection, "SELECT span_start FROM anomalies WHERE symbol = 'MSFT'")
    since, until = (f"{at + timedelta(minutes=minutes):%Y-%m-%dT%H:%M}" for minutes in (-15, 15))
    asked = {"window": ["range"], "from": [since], "to": [until], "symbol": ["MSFT"], "width": ["1m"]}
    with fresh_page(chromium) as other:
        other.goto(link)
        expect(other.locator(".findings")).to_contain_text("MSFT was far off")
        assert parse_qs(urlsplit(other.url).query) == asked
        assert_shows(other, connection)


def test_a_symbol_whose_trades_came_after_their_minutes_were_passed_has_its_candles(
    page: Page, dashboard: str, connection: Connection
) -> None:
    page.goto(f"{dashboard}/symbol?symbol={BEHIND}&window=60m")
    expect(page.get_by_role("heading", name=f"Candles of {BEHIND}")).to_be_visible()
    expect(page.locator(".tape tbody tr")).to_have_count(BEHIND_TRADES)
    assert_shows(page, connection)


def test_a_symbol_without_a_trade_in_the_window_says_where_they_are(
    page: Page, dashboard: str, connection: Connection
) -> None:
    page.goto(f"{dashboard}/symbol?symbol={QUIET}")
    assert_shows(page, connection)
    page.locator(".note").get_by_role("link").click()
    expect(page.get_by_role("heading", name=f"Candles of {QUIET}")).to_be_visible()
    assert_shows(page, connection)


def test_back_and_forward_set_the_controls(page: Page, dashboard: str) -> None:
    page.goto(f"{dashboard}/?window=5m")
    page.locator(".performance").get_by_role("button", name="Symbol", exact=True).click()
    page.wait_for_url(holds("", window="5m", order="symbol"))
    page.get_by_test_id("stTopNavLink").filter(has_text="Anomalies").click()
    page.wait_for_url(holds("anomalies", window="5m"))
    expect(page.locator(".findings").first).to_be_visible()
    page.get_by_role("radiogroup", name="Time window").get_by_text("all", exact=True).click()
    page.wait_for_url(holds("anomalies", window="all"))
    expect(page.locator(".status")).to_contain_text("whole tape")
    page.go_back()
    expect(page.locator(".status")).to_contain_text("last 5 minutes")
    expect(page.locator(".performance th[aria-sort]")).to_have_text("Symbol")
    page.go_back()
    expect(page.locator(".performance th[aria-sort]")).to_have_text("Value $")
    page.go_forward()
    expect(page.locator(".performance th[aria-sort]")).to_have_text("Symbol")
    page.go_forward()
    page.wait_for_url(holds("anomalies", window="all"))
    expect(page.locator(".status")).to_contain_text("whole tape")


def test_two_tabs_keep_their_own_views(page: Page, dashboard: str) -> None:
    other = page.context.new_page()
    page.goto(f"{dashboard}/system?window=5m")
    other.goto(f"{dashboard}/system?window=24h&times=UTC")
    for tab, view in ((page, {"window": "5m"}), (other, {"window": "24h", "times": "UTC"})):
        tab.locator(".totals").wait_for()
        tab.get_by_test_id("stTopNavLink").filter(has_text="Anomalies").click()
        tab.wait_for_url(holds("anomalies", **view))


def test_a_reload_amid_a_rerun_keeps_what_was_set(page: Page, dashboard: str) -> None:
    page.goto(f"{dashboard}/anomalies")
    page.get_by_test_id("stSidebar").get_by_text("60m", exact=True).click()
    page.wait_for_url(holds("anomalies", window="60m"))
    page.reload()
    expect(page.locator(".status")).to_contain_text("last 60 minutes")
    page.wait_for_url(holds("anomalies", window="60m"))


def test_a_page_takes_out_what_only_other_pages_have(page: Page, dashboard: str) -> None:
    page.goto(f"{dashboard}/system?window=60m&symbol=AAPL&order=symbol&kind=burst")
    page.wait_for_url(holds("system", window="60m"))


def test_labels_of_old_addresses_and_times_of_any_zone_are_read(
    page: Page, dashboard: str, connection: Connection
) -> None:
    ((newest,),) = rows(connection, "SELECT max(timestamp) FROM trades")
    since, until = newest - timedelta(minutes=9, seconds=newest.second), newest + timedelta(minutes=5)
    indian = since.astimezone(timezone(timedelta(hours=5, minutes=30)))
    labels = {"window": "from\u2013to", "prices": "Price", "times": "my time zone", "theme": "auto"}
    times = {"from": f"{indian:%Y-%m-%dT%H:%M:%S%z}", "to": f"{until:%Y-%m-%dT%H:%MZ}"}
    page.goto(f"{dashboard}/?{urlencode(labels | times)}")
    page.locator(".totals").wait_for()
    told = {"from": f"{since:%Y-%m-%dT%H:%M}", "to": f"{until:%Y-%m-%dT%H:%M}"}
    page.wait_for_url(holds("", window="range", prices="price", **told))
    expect(page.locator(".status [role=alert]")).to_have_count(0)
    assert_shows(page, connection)


def test_what_an_address_cannot_mean_is_said_in_a_line(page: Page, dashboard: str) -> None:
    page.goto(
        f"{dashboard}/?window=7m&refresh=99&trades=x&order=up&theme=<b>&from=soon&symbols=NOPE&prices=price"
    )
    said = page.locator(".status [role=alert]")
    for part in (
        "window=7m (takes 1m, 5m,",
        "refresh=99 (takes 1 to 10)",
        "trades=x (",
        "order=up",
        "theme=<b>",
    ):
        expect(said.first).to_contain_text(part)
    expect(said.last).to_have_text("⚠ no trade of NOPE is stored: all symbols are shown")
    page.get_by_test_id("stSidebar").get_by_text("5m", exact=True).click()
    expect(said).to_have_count(1)
    page.wait_for_url(holds("", window="5m", symbols="NOPE", prices="price"))


def test_a_range_that_ends_before_it_begins_and_an_unknown_symbol_are_pages(
    page: Page, dashboard: str, connection: Connection
) -> None:
    ((newest,),) = rows(connection, "SELECT max(timestamp) FROM trades")
    since, until = (f"{newest - timedelta(minutes=back):%Y-%m-%dT%H:%M}" for back in (5, 20))
    page.goto(f"{dashboard}/?window=range&from={since}&to={until}")
    said = page.locator(".status [role=alert]")
    expect(said).to_have_text("⚠ the range ends before it begins: shown is the time between the two")
    facts = facts_of(connection, {"window": ["range"], "from": [until], "to": [since]})
    assert_trades(page, connection, facts)
    page.goto(f"{dashboard}/symbol?symbol=NOPE")
    expect(said).to_have_text("⚠ no trade of NOPE is stored")
    expect(page.get_by_text("No trade of NOPE is stored. It is shown here")).to_be_visible()
    page.wait_for_url(holds("symbol", symbol="NOPE"))

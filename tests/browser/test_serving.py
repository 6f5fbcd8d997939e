"""What the dashboard's server gives besides the page."""

import re
import signal
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from urllib.parse import urljoin

import httpx
import pytest
from playwright.sync_api import Browser

from stockstream.connectors.postgres.connection import Connection
from stockstream.ui.server.scripts import SCRIPT
from tests.browser.conftest import TIMEOUT, looking, serving
from tests.browser.market import put, random_trades

ENCODINGS = ("gzip", "identity")


@pytest.mark.parametrize("base", ["", "markets/live"])
def test_a_page_announces_the_script_that_draws_it(environment: Mapping[str, str], base: str) -> None:
    with serving({**environment, "STREAMLIT_SERVER_BASE_URL_PATH": base}, base=base) as address:
        page = httpx.get(f"{address}/")
        (place,) = re.findall(r"<([^>]+)>; rel=preload; as=script", page.headers["link"])
        script = urljoin(str(page.url), place)
        answers = {name: httpx.get(script, headers={"accept-encoding": name}) for name in ENCODINGS}
    for encoding, answer in answers.items():
        assert answer.content == SCRIPT.read_bytes()
        assert answer.headers.get("content-encoding", "identity") == encoding
        assert answer.headers["content-type"].startswith("text/javascript")
        assert "immutable" in answer.headers["cache-control"]


def test_all_that_the_page_asks_for_is_announced_and_comes_once(
    chromium: Browser, dashboard: str, connection: Connection
) -> None:
    put(connection, random_trades(500, datetime.now(UTC), 600))
    page = httpx.get(f"{dashboard}/")
    known = {*re.findall(r"<([^>]+\.js)>", page.headers["link"]), *re.findall(r'"\./([^"]+\.js)"', page.text)}
    with looking(chromium) as view:
        view.open(dashboard)
        names = "performance.getEntriesByType('resource').map((each) => new URL(each.name).pathname)"
        asked = [name.lstrip("/") for name in view.page.evaluate(names) if name.endswith(".js")]
    assert sorted(asked) == sorted(known)


def test_what_is_no_page_announces_nothing(dashboard: str) -> None:
    assert "link" not in httpx.get(f"{dashboard}/_stcore/health").headers


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_well_while_a_page_is_open(
    chromium: Browser, environment: Mapping[str, str], end: signal.Signals
) -> None:
    with closing(chromium.new_page()) as page, serving(environment, end=end) as address:
        page.goto(address)
        page.get_by_text("No trades yet").wait_for(timeout=TIMEOUT * 1000)

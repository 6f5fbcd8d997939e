"""Who is let in: a real provider of OpenID Connect asks who they are, and the list decides."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from stockstream.connectors.postgres.connection import Connection
from stockstream.services.ports import free_port
from tests.browser.conftest import TIMEOUT, View, answers, looking, serving
from tests.browser.market import put, random_trades
from tests.waiting import until

SECRETS = """
[auth]
redirect_uri = "http://127.0.0.1:{port}/oauth2callback"
cookie_secret = "a test's own, and long enough for that"
client_id = "dashboard"
client_secret = "a test's own"
server_metadata_url = "{provider}/.well-known/openid-configuration"
"""
LISTED, STRANGER = "ann@example.com", "bob@example.com"


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """A provider that knows whoever asks it, by the name they give."""
    port = free_port()
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            until(lambda: answers(f"{address}/.well-known/openid-configuration"), TIMEOUT)
            yield address
        finally:
            process.terminate()


@pytest.fixture
def guarded(environment: Mapping[str, str], provider: str, tmp_path: Path) -> Iterator[str]:
    """The dashboard with a login; its address."""
    port, secrets = free_port(), tmp_path / "secrets.toml"
    secrets.write_text(SECRETS.format(port=port, provider=provider), "utf-8")
    keys = {"STREAMLIT_SECRETS_FILES": str(secrets), "DASHBOARD_ALLOWED_EMAILS": f"{LISTED}, @example.org"}
    with serving({**environment, **keys}, port) as address:
        yield address


def log_in(view: View, address: str, who: str) -> None:
    view.page.goto(address)
    button = view.page.get_by_role("button", name="Log in")
    expect(button).to_be_visible()
    expect(view.page.locator(".totals")).to_have_count(0)
    button.click()
    view.page.locator("input[name=sub]").fill(who)
    view.page.get_by_role("button", name="Authorize").click()
    view.page.wait_for_url(f"{address}/")
    # What the provider's page complained of is not the dashboard's.
    view.console.clear()


def test_who_is_on_the_list_sees_the_market_and_a_stranger_nothing(
    chromium: Browser, guarded: str, connection: Connection
) -> None:
    put(connection, random_trades(50, datetime.now(UTC), 30))
    with looking(chromium) as view:
        log_in(view, guarded, LISTED)
        expect(view.page.locator(".totals")).to_be_visible()
    with looking(chromium) as view:
        log_in(view, guarded, STRANGER)
        expect(view.page.get_by_text(f"{STRANGER} may not see this page.")).to_be_visible()
        expect(view.page.locator(".totals")).to_have_count(0)
        assert "AAPL" not in view.page.inner_text("body")


def test_a_page_for_other_machines_shows_nothing_unless_somebody_asks_who_they_are(
    chromium: Browser, environment: Mapping[str, str], connection: Connection, tmp_path: Path
) -> None:
    put(connection, random_trades(50, datetime.now(UTC), 30))
    keys = {"STREAMLIT_SERVER_ADDRESS": "0.0.0.0", "STREAMLIT_SECRETS_FILES": str(tmp_path / "none.toml")}  # noqa: S104
    with serving({**environment, **keys}) as address, looking(chromium) as view:
        view.page.goto(address)
        expect(view.page.get_by_text("asks nobody who they are")).to_be_visible()
        expect(view.page.locator(".totals")).to_have_count(0)

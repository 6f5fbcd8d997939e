"""What the dashboard says when there is nothing to show, and how it comes back by itself."""

from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, expect

from stockstream.connectors.postgres.connection import Address, Connection, address_of, connect
from stockstream.services.servers.scratch import Scratch
from tests.browser.conftest import View, looking, serving
from tests.browser.market import put, random_trades, trading
from tests.fresh import environment_of, fresh


def test_an_empty_page_fills_by_itself(
    view: View, dashboard: str, connection: Connection, address: Address
) -> None:
    view.page.goto(dashboard)
    expect(view.page.get_by_text("No trades yet")).to_be_visible()
    put(connection, random_trades(50, datetime.now(UTC), 30))
    with trading(address):
        expect(view.page.locator(".totals")).to_be_visible()
        expect(view.page.get_by_text("No trades yet")).to_be_hidden()
        view.refreshes(1)


def test_missing_tables_are_one_line_and_found_when_they_come(
    view: View, dashboard: str, connection: Connection
) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE trades RENAME TO elsewhere")
    view.page.goto(dashboard)
    expect(view.page.get_by_role("alert")).to_contain_text("run: python database.py init")
    assert "Traceback" not in view.page.inner_text("body")
    with connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE elsewhere RENAME TO trades")
    expect(view.page.get_by_text("No trades yet")).to_be_visible()
    expect(view.page.get_by_role("alert")).to_have_count(0)


def test_an_outage_is_one_line_over_the_last_picture_and_ends_by_itself(
    chromium: Browser, own_servers: Scratch, tmp_path: Path
) -> None:
    with fresh(own_servers.settings, tmp_path) as settings:
        connection = connect(address_of(settings), "test")
        put(connection, random_trades(50, datetime.now(UTC), 30))
        connection.close()
        environment = environment_of(settings) | {"STREAMLIT_REFRESH_INTERVAL": "1"}
        with serving(environment) as dashboard, looking(chromium) as view:
            view.open(dashboard)
            own_servers.postgres.kill()
            error = view.page.get_by_role("alert").filter(has_text="cannot reach PostgreSQL")
            expect(error).to_have_count(1)
            assert view.total("Trades") == "50"
            assert "Traceback" not in view.page.inner_text("body")
            own_servers.postgres.start()
            expect(error).to_have_count(0)
            expect(view.page.locator(".status .live")).to_be_visible()

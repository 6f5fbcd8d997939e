"""The page's logic, run without a browser: what it shows, and what it says when it cannot."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from stockstream.connectors.postgres.connection import Connection, address_of
from stockstream.settings import PROJECT, Settings
from stockstream.ui.data import live
from tests.browser.market import SYMBOLS, find, put, random_trades

TIMEOUT = 90


@pytest.fixture
def page(environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The dashboard, not run yet, over the test's database."""
    for key, value in environment.items():
        monkeypatch.setenv(key, value)
    st.cache_data.clear()
    st.cache_resource.clear()
    yield AppTest.from_file(str(PROJECT / "stockstream" / "dashboard_page.py"), default_timeout=TIMEOUT)
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def open_page(page: AppTest, settings: Settings) -> Iterator[AppTest]:
    """The same, with its connections closed afterwards."""
    yield page
    live.readers(address_of(settings)).close()


def totals(page: AppTest) -> dict[str, str]:
    told = " ".join(element.proto.body for element in page.get("html"))
    return dict(re.findall(r'<dt>(.*?)</dt><dd class="value">(.*?)</dd>', told))


def text(page: AppTest) -> str:
    """Return what stands on the page as text, without tags."""
    pieces = [element.proto.body for element in page.get("html")] + [each.value for each in page.markdown]
    return " ".join(re.sub(r"<[^>]+>", " ", " ".join(pieces)).split())


def test_the_five_totals_equal_sql(open_page: AppTest, connection: Connection) -> None:
    put(connection, random_trades(900, datetime.now(UTC), 600))
    find(connection, "TSLA")
    page = open_page.run()
    with connection, connection.cursor() as cursor:
        cursor.execute(
            """SELECT to_char(count(*), 'FM999,999'), to_char(sum(volume), 'FM999,999,999'),
                      to_char(round(sum(price * volume)), 'FM999,999,999'), count(DISTINCT symbol)::text
               FROM trades"""
        )
        trades, volume, value, symbols = cursor.fetchone() or ()
    assert not page.exception
    assert totals(page) == {
        "Trades": trades,
        "Volume": volume,
        "Value $": value,
        "Active symbols": symbols,
        "Anomalies": "1",
    }


def test_an_empty_database_tells_what_to_start(open_page: AppTest) -> None:
    page = open_page.run()
    assert not page.exception
    assert not totals(page)
    assert "python producer.py" in text(page)


def test_controls_stand_in_the_address_and_are_read_from_it(
    open_page: AppTest, connection: Connection
) -> None:
    put(connection, random_trades(500, datetime.now(UTC), 3_000))
    open_page.query_params["window"] = "5m"
    open_page.query_params["symbols"] = "AAPL"
    open_page.query_params["refresh"] = "7"
    open_page.query_params["prices"] = "price"
    open_page.query_params["order"] = "gainers"
    page = open_page.run()
    assert not page.exception
    assert totals(page)["Active symbols"] == "1"
    assert "last 5 minutes" in text(page)
    assert "every 7 s" in text(page)
    assert page.session_state["order of the table"] == "gainers"
    assert page.session_state["prices"] == "price"
    assert page.multiselect(key="symbols").value == ["AAPL"]
    assert list(page.multiselect(key="symbols").options) == sorted(SYMBOLS)


def test_a_wrong_address_is_a_usual_page(open_page: AppTest, connection: Connection) -> None:
    put(connection, random_trades(50, datetime.now(UTC), 30))
    for key in ("window", "symbols", "refresh", "trades", "order", "candles"):
        open_page.query_params[key] = "<b>nonsense" * 9
    page = open_page.run()
    assert not page.exception
    assert "last 15 minutes" in text(page)


def test_a_link_takes_along_what_its_own_viewer_has_set(open_page: AppTest, connection: Connection) -> None:
    put(connection, random_trades(50, datetime.now(UTC), 30))
    find(connection, "TSLA")
    other = AppTest.from_file(str(PROJECT / "stockstream" / "dashboard_page.py"), default_timeout=TIMEOUT)
    open_page.query_params["theme"] = "dark"
    for page, themes in ((open_page, {"theme=dark"}), (other, set())):
        html = " ".join(element.proto.body for element in page.run().get("html"))
        assert "symbol=TSLA" in html
        assert set(re.findall(r"theme=\w+", html)) == themes


def test_fewer_symbols_change_totals_table_and_tape(open_page: AppTest, connection: Connection) -> None:
    put(connection, random_trades(500, datetime.now(UTC), 60))
    page = open_page.run()
    before = totals(page)["Trades"]
    page.multiselect(key="symbols").select("MSFT").run()
    assert not page.exception
    assert int(totals(page)["Trades"]) < int(before)
    assert "TSLA" not in text(page)


def test_anomalies_only_hides_what_is_usual(open_page: AppTest, connection: Connection) -> None:
    put(connection, random_trades(200, datetime.now(UTC), 60))
    find(connection, "MSFT", why="forty times the usual size")
    page = open_page.run()
    page.toggle(key="anomalies").set_value(True).run()
    assert "forty times the usual size" in text(page)
    assert "TSLA" not in text(page)


def test_the_age_of_the_newest_trade_is_told_and_an_old_one_stands_out(
    open_page: AppTest, connection: Connection
) -> None:
    put(connection, random_trades(10, datetime.now(UTC) - timedelta(hours=2, minutes=5), 5))
    page = open_page.run()
    assert "newest trade 2 h 5 min ago" in text(page)


def test_candles_that_stand_still_are_told(open_page: AppTest, connection: Connection) -> None:
    put(connection, random_trades(10, datetime.now(UTC), 5))
    with connection, connection.cursor() as cursor:
        cursor.execute("TRUNCATE stock_metrics")
    page = open_page.run()
    assert not page.exception
    assert "is aggregator.py running?" in text(page)


def test_a_process_that_is_away_is_told(open_page: AppTest, connection: Connection) -> None:
    put(connection, random_trades(10, datetime.now(UTC), 5))
    with connection, connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO ingest_offsets (job, topic, kafka_partition, next_offset, owner_epoch)
               VALUES ('consumer', 'stock-trades', 0, 1, 1)"""
        )
    page = open_page.run()
    assert not page.exception
    assert "is consumer.py running?" in text(page)
    assert totals(page)["Trades"] == "10"


def test_a_missing_schema_is_one_line_and_the_page_recovers(
    open_page: AppTest, connection: Connection
) -> None:
    put(connection, random_trades(30, datetime.now(UTC), 5))
    with connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE anomalies RENAME TO elsewhere")
    page = open_page.run()
    assert not page.exception
    assert "run: python database.py init" in text(page)
    with connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE elsewhere RENAME TO anomalies")
    st.cache_resource.clear()
    page.run()
    assert totals(page)["Trades"] == "30"
    assert "python database.py init" not in text(page)


def test_the_last_picture_stays_in_an_outage(
    open_page: AppTest, connection: Connection, settings: Settings
) -> None:
    put(connection, random_trades(30, datetime.now(UTC), 5))
    page = open_page.run()
    with connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE trades RENAME TO elsewhere")
    st.cache_resource.clear()
    page.run()
    assert not page.exception
    assert totals(page)["Trades"] == "30"
    assert f"missing or old in database {settings.postgres_db}" in text(page)


def test_settings_that_cannot_be_meant_are_one_line(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAMLIT_REFRESH_INTERVAL", "soon")
    page.run()
    assert not page.exception
    (line,) = page.error
    assert line.value.startswith("STREAMLIT_REFRESH_INTERVAL=soon")

"""What a viewer can have done: the detector over what is shown, and dead letters tried again."""

import json
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from stockstream.connectors.postgres.connection import Connection
from stockstream.settings import Settings
from tests.browser.conftest import View
from tests.browser.market import put, random_trades

PLACE = """
INSERT INTO ingest_offsets (job, topic, kafka_partition, next_offset, owner_epoch)
VALUES ('consumer', %s, 0, 9, 1)
"""
LETTER = """
INSERT INTO dead_letters (topic, kafka_partition, kafka_offset, payload, reason) VALUES (%s, 0, %s, %s, %s)
"""


def test_the_detector_examines_what_is_shown_and_stores_nothing(
    view: View, dashboard: str, connection: Connection
) -> None:
    trades = random_trades(4_000, datetime.now(UTC), 800)
    high = (*trades[-1][:3], trades[-1][3] * 50, *trades[-1][4:])
    put(connection, [*trades[:-1], high])
    page = view.page
    page.goto(f"{dashboard}/anomalies?symbols={high[2]}")
    page.get_by_role("button", name="Run the detector").click()
    expect(page.locator(".st-key-examined .findings li").first).to_contain_text(high[2])
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM anomalies")
        assert cursor.fetchone() == (0,)


def test_dead_letters_are_read_and_tried_again(
    view: View, dashboard: str, connection: Connection, settings: Settings
) -> None:
    now = datetime.now(UTC)
    put(connection, random_trades(50, now - timedelta(minutes=1), 30))
    good = {"trade_id": "late", "timestamp": now.isoformat(), "symbol": "AAPL", "price": 1, "volume": 1}
    with connection, connection.cursor() as cursor:
        cursor.execute(PLACE, (settings.kafka_topic,))
        for offset, payload in enumerate((json.dumps(good | {"trade_type": "BUY"}), "{not a trade")):
            cursor.execute(LETTER, (settings.kafka_topic, offset, payload.encode(), "refused once"))
    page = view.page
    page.goto(f"{dashboard}/system")
    expect(page.locator(".letters tbody tr")).to_have_count(2)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".st-key-card_replay")).to_contain_text("1 stored, 0 were there already, 1 stay")
    expect(page.locator(".letters tbody tr")).to_have_count(1)
    expect(page.locator(".letters")).to_contain_text("{not a trade")

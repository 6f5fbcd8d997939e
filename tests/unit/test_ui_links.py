"""Links to a symbol's chart around a span of time."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from stockstream.ui.html import links

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(("hours", "width"), [(0, ["1m"]), (2, ["1m"]), (3, None)])
def test_a_span_opens_with_a_margin_and_in_minutes_where_they_have_room(
    hours: int, width: list[str] | None
) -> None:
    query = parse_qs(urlsplit(links.span("ETH/EUR", NOON, NOON + timedelta(hours=hours))).query)
    assert (query["symbol"], query["window"]) == (["ETH/EUR"], ["range"])
    assert query["from"] == ["2026-11-23T11:45"]
    assert query["to"] == [f"2026-11-23T{12 + hours}:15"]
    assert query.get("width") == width

"""Addresses of other views of the page, which keep what the viewer has set."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from stockstream.ui import address
from stockstream.ui.data.records import Mark
from stockstream.ui.data.window import CANDLES, MINUTE, RANGE

KEPT = ("refresh", "times", "trades", "theme", "hours")
KEPT_OF_WINDOW = ("window", "from", "to")
AROUND = timedelta(minutes=15)


def symbol(name: str) -> str:
    """Return the address of a symbol's page, over the window that is shown."""
    return _address({**kept((*KEPT, *KEPT_OF_WINDOW)), "symbol": name})


def moment(mark: Mark) -> str:
    """Return the address of the chart of a finding's symbol, around the time of the finding."""
    return span(mark.symbol, mark.start, mark.end)


def span(symbol: str, start: datetime, end: datetime) -> str:
    """Return the address of a symbol's chart around a span of time."""
    since, until = start - AROUND, end + AROUND
    window = {"window": RANGE, "from": _minute(since), "to": _minute(until), "symbol": symbol}
    # A chart of one-minute candles cannot cover more.
    width = {"width": "1m"} if until - since <= CANDLES * MINUTE else {}
    return _address({**kept(), **window, **width})


def kept(names: tuple[str, ...] = KEPT) -> dict[str, str]:
    """Return what this viewer's links keep; HTML with such links is therefore not shared by all viewers."""
    return {name: values[-1] for name, values in address.usable(names).items()}


def _minute(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")


def _address(parts: Mapping[str, str]) -> str:
    return f"symbol?{urlencode(parts)}"

"""Addresses of other views of the same page, with what the viewer has set kept in them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import streamlit as st

from stockstream.ui.records import Mark
from stockstream.ui.window import RANGE

KEPT = ("refresh", "times", "trades", "theme")
KEPT_OF_WINDOW = ("window", "from", "to")
AROUND = timedelta(minutes=15)


def symbol(name: str) -> str:
    """Return the address of a symbol's page, over the window that is shown."""
    return _address({**_kept((*KEPT, *KEPT_OF_WINDOW)), "symbol": name})


def moment(mark: Mark) -> str:
    """Return the address of the chart of a finding's symbol, around its moment."""
    window = {"window": RANGE, "from": _minute(mark.start - AROUND), "to": _minute(mark.end + AROUND)}
    return _address({**_kept(KEPT), **window, "symbol": mark.symbol, "width": "1m"})


def _kept(names: tuple[str, ...]) -> dict[str, str]:
    return {name: st.query_params[name] for name in names if name in st.query_params}


def _minute(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")


def _address(parts: Mapping[str, str]) -> str:
    return f"symbol?{urlencode(parts)}"

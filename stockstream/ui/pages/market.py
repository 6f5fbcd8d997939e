"""The page of the whole market."""

import streamlit as st

from stockstream.ui import address, panels
from stockstream.ui.controls import Controls
from stockstream.ui.data.market_snapshot import MarketSnapshot, Question
from stockstream.ui.html import formatting
from stockstream.ui.html.totals import totals
from stockstream.ui.parameters import MOST_VALUE


def ask(controls: Controls) -> Question:
    """Return the question; until the candles are drawn, their symbol stands in the address alone."""
    (asked,) = address.usable(["candles"]).get("candles", [MOST_VALUE])
    chosen = st.session_state.get("candles") or asked
    return controls.question(None if chosen == MOST_VALUE else chosen)


def draw(snapshot: MarketSnapshot) -> None:
    """Draw the market's panels, top to bottom."""
    if snapshot.span is None:
        return
    sign = formatting.currency([row.symbol for row in snapshot.standings])
    st.html(snapshot.once("totals", lambda: totals(snapshot, sign)))
    with st.container(horizontal=True, key="row_prices", gap="small"):
        with st.container(key="compare"):
            panels.compare(snapshot)
        with st.container(key="focus"):
            panels.focus(snapshot, snapshot.span)
    panels.standings(snapshot, sign)
    with st.container(horizontal=True, key="row_shares", gap="small"):
        panels.split(snapshot, sign)
    panels.heat_map(snapshot, snapshot.span)
    with st.container(horizontal=True, key="row_news", gap="small"):
        panels.recent(snapshot, sign)
        panels.found(snapshot)

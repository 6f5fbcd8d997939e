"""The page of the whole market."""

import streamlit as st

from stockstream.ui import address, panels
from stockstream.ui.controls import Controls
from stockstream.ui.data.market_snapshot import Picture, Question
from stockstream.ui.html import formatting
from stockstream.ui.html.totals import totals
from stockstream.ui.parameters import MOST_VALUE


def ask(controls: Controls) -> Question:
    """Return the question; until the candles are drawn, their symbol stands in the address alone."""
    (asked,) = address.usable(["candles"]).get("candles", [MOST_VALUE])
    chosen = st.session_state.get("candles") or asked
    return controls.question(None if chosen == MOST_VALUE else chosen)


def draw(picture: Picture) -> None:
    """Draw the market's panels, top to bottom."""
    if picture.span is None:
        return
    sign = formatting.currency([row.symbol for row in picture.standings])
    st.html(picture.once("totals", lambda: totals(picture, sign)))
    with st.container(horizontal=True, key="row_prices", gap="small"):
        with st.container(key="compare"):
            panels.compare(picture)
        with st.container(key="focus"):
            panels.focus(picture, picture.span)
    panels.standings(picture, sign)
    with st.container(horizontal=True, key="row_shares", gap="small"):
        panels.split(picture, sign)
    panels.heat_map(picture, picture.span)
    with st.container(horizontal=True, key="row_news", gap="small"):
        panels.recent(picture, sign)
        panels.found(picture)

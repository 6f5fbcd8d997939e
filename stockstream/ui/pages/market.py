"""The page of the whole market."""

import streamlit as st

from stockstream.ui import numerals, panels
from stockstream.ui.picture import Picture
from stockstream.ui.totals import totals


def draw(picture: Picture) -> None:
    """Draw the market's panels, top to bottom."""
    if picture.span is None:
        return
    sign = numerals.currency([row.symbol for row in picture.standings])
    totals(picture, sign)
    left, right = st.columns([3, 2], gap="small")
    with left, st.container(key="compare"):
        panels.compare(picture)
    with right, st.container(key="focus"):
        panels.focus(picture, picture.span)
    with st.container(key="standings"):
        panels.standings(picture, sign)
    panels.split(picture, sign)
    panels.heat_map(picture, picture.span)
    left, right = st.columns([3, 2], gap="small")
    with left, st.container(key="recent"):
        panels.recent(picture, sign)
    with right, st.container(key="found"):
        panels.found(picture)

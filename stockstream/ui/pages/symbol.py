"""The page of one symbol, and of others to compare it with."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from itertools import starmap

import streamlit as st

from stockstream.ui import charts, downloads, numerals, panels
from stockstream.ui.controls import Controls, choices
from stockstream.ui.picture import Picture, Question
from stockstream.ui.pieces import Total, totals
from stockstream.ui.plot import plot
from stockstream.ui.records import Standing

WIDTHS = {
    "auto": None,
    "1m": timedelta(minutes=1),
    "5m": timedelta(minutes=5),
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
}


def ask(controls: Controls, known: Iterable[str]) -> Question:
    """Show the page's own controls and return the question; chosen symbols are to compare with."""
    left, right = st.columns([1, 2], vertical_alignment="bottom")
    offered = choices(known, "symbol")
    symbol = left.selectbox("Symbol", offered, key="symbol", bind="query-params") if offered else None
    width = right.segmented_control(
        "Width of a candle", list(WIDTHS), default="auto", required=True, key="width", bind="query-params"
    )
    asked = controls.question(symbol)
    compared = tuple(sorted({symbol, *controls.symbols})) if symbol else ()
    return replace(asked, symbols=compared, width=WIDTHS[str(width or "auto")])


def draw(picture: Picture) -> None:
    """Draw the symbol's panels, top to bottom."""
    if picture.span is None or picture.focus is None:
        return
    symbol = picture.focus
    row = next((row for row in picture.standings if row.symbol == symbol), None)
    if row is not None:
        st.html(_numbers(row))
    panels.candles(picture, symbol, picture.span)
    downloads.keep("candles", picture.candles)
    said = f"Net bought share of the volume of {symbol}, by candle"
    bars = partial(charts.imbalance, picture, symbol)
    plot(bars, "imbalance_plot", "Bought less sold", said, picture.once)
    with st.container(key="compare"):
        panels.compare(picture)
    with st.container(horizontal=True, key="row_news", gap="small"):
        panels.recent(picture, numerals.currency([symbol]))
        panels.found(picture)


def _numbers(row: Standing) -> str:
    bought = row.buy_volume / row.volume if row.volume else Decimal(0)
    told = (
        ("Last", numerals.price(row.last), numerals.change(row.change)),
        ("High", numerals.price(row.high), "of the window"),
        ("Low", numerals.price(row.low), "of the window"),
        ("Volume", numerals.short(row.volume), f"{bought:.0%} bought"),
        ("Trades", f"{row.trades:,}", f"◆ {row.findings:,} unusual"),
    )
    return totals(starmap(Total, told))

"""The page of one symbol, and of others to compare it with."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from functools import partial
from html import escape
from itertools import starmap

import streamlit as st

from stockstream.ui import panels
from stockstream.ui.charts import prices
from stockstream.ui.charts.plot import plot
from stockstream.ui.controls import Controls, choices, one_of
from stockstream.ui.data.market_snapshot import Picture, Question
from stockstream.ui.data.records import Standing
from stockstream.ui.data.window import WIDTHS, Span
from stockstream.ui.html import elements, formatting, links
from stockstream.ui.html.elements import Total, totals
from stockstream.ui.server import downloads

LAST = "last symbol"
UNKNOWN = "No trade of {symbol} is stored. It is shown here as soon as there is one."
NO_CANDLES = "No candles of {symbol} are written for these trades yet. The trades themselves are below."


def ask(controls: Controls, known: Iterable[str]) -> Question:
    """Show the page's own controls and return the question; chosen symbols are to compare with."""
    left, right = st.columns([1, 2], vertical_alignment="bottom")
    with left:
        symbol = _symbol(choices(known, "symbol"))
    with right:
        width = one_of("Width of a candle", list(WIDTHS), "width")
    asked = controls.question(symbol)
    compared = tuple(sorted({symbol, *controls.symbols})) if symbol else ()
    return replace(asked, symbols=compared, width=WIDTHS[width])


def _symbol(offered: list[str]) -> str | None:
    """Return the chosen symbol, where none is chosen the last one, and at the beginning the first.

    It has no usual value, so the address has it always: later another symbol may be the first.
    """
    if not offered:
        return None
    last = st.session_state.setdefault(LAST, offered[0])
    if st.session_state.get("symbol") is None:
        st.session_state["symbol"] = last
    chosen = st.selectbox("Symbol", offered, None, key="symbol", bind="query-params")
    st.session_state[LAST] = chosen or last
    return str(st.session_state[LAST])


def draw(picture: Picture) -> None:
    """Draw the symbol's panels, top to bottom."""
    symbol = picture.question.focus
    if picture.span is None or symbol is None:
        return
    if symbol not in picture.symbols:
        st.html(f'<p class="quiet">{escape(UNKNOWN.format(symbol=symbol))}</p>')
        return
    row = next((row for row in picture.standings if row.symbol == symbol), None)
    if row is not None:
        st.html(_numbers(row))
        remark = _remark(picture, row)
        if remark is not None:
            st.html(f'<p class="note">{remark}</p>')
    if picture.candles:
        _charts(picture, symbol, picture.span)
    else:
        panels.missing(picture, symbol)
    downloads.keep("candles", picture.candles)
    if any(picture.lines.values()):
        with st.container(key="compare"):
            panels.compare(picture)
    with st.container(horizontal=True, key="row_news", gap="small"):
        panels.recent(picture, formatting.currency([symbol]))
        panels.found(picture)


def _charts(picture: Picture, symbol: str, span: Span) -> None:
    panels.candles(picture, symbol, span)
    said = f"Net bought share of the volume of {symbol}, by candle"
    bars = partial(prices.imbalance, picture, symbol)
    plot(bars, "imbalance_plot", "Bought less sold", said, picture.once)


def _remark(picture: Picture, row: Standing) -> str | None:
    """Return as HTML why trades or candles are missing here, if they are."""
    if picture.elsewhere:
        return _elsewhere(picture, row.symbol)
    if not picture.candles and picture.tape:
        return escape(NO_CANDLES.format(symbol=row.symbol))
    covered = picture.question.candle_span(picture.span) if picture.span else None
    if picture.span and covered and covered.start > picture.span.start:
        since = formatting.moment(covered.start, picture.read_at)
        return escape(f"The chart has room for the candles since {since}; choose wider ones to see more.")
    return None


def _elsewhere(picture: Picture, symbol: str) -> str:
    first, last = picture.elsewhere[-1].timestamp, picture.elsewhere[0].timestamp
    since, until = (formatting.moment(moment, picture.read_at) for moment in (first, last))
    said = f"No trade of {symbol} in this window. Its newest trades are from {since} to {until}: "
    return escape(said) + elements.link("show their charts", links.span(symbol, first, last))


def _numbers(row: Standing) -> str:
    bought = row.buy_volume / row.volume if row.volume else Decimal(0)
    told = (
        ("Last", formatting.price(row.last), formatting.change(row.change)),
        ("High", formatting.price(row.high), "of the window"),
        ("Low", formatting.price(row.low), "of the window"),
        ("Volume", formatting.short(row.volume), f"{bought:.0%} bought"),
        ("Trades", f"{row.trades:,}", _beside(row)),
    )
    return totals(starmap(Total, told))


def _beside(row: Standing) -> str:
    return f"◆ {row.findings:,} unusual" + (f", {row.late:,} late" if row.late else "")

"""The page of one symbol, and of others to compare it with."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from html import escape
from itertools import starmap

import streamlit as st

from stockstream.ui import panels
from stockstream.ui.charts import prices
from stockstream.ui.charts.plot import plot
from stockstream.ui.controls import Controls, choices, one_of
from stockstream.ui.data.market_snapshot import MarketSnapshot, Question
from stockstream.ui.data.records import Standing
from stockstream.ui.data.window import WIDTHS, Span
from stockstream.ui.html import elements, formatting, links
from stockstream.ui.html.elements import Total, totals
from stockstream.ui.pages.base import Page
from stockstream.ui.server import downloads

LAST = "last symbol"
UNKNOWN = "No trade of {symbol} is stored. It is shown here as soon as there is one."
NO_CANDLES = "No candles of {symbol} are written for these trades yet. The trades themselves are below."


class Symbol(Page[MarketSnapshot]):
    """The page of one symbol."""

    title, path, icon = "Symbol", "symbol", ":material/candlestick_chart:"

    def ask(self, controls: Controls, known: set[str], seen: MarketSnapshot | None) -> Callable[[], Question]:
        """Show the choice of symbol and candle width; the symbols of the sidebar are compared with it."""
        del seen
        left, right = st.columns([1, 2], vertical_alignment="bottom")
        with left:
            symbol = _symbol(choices(known, "symbol"))
        with right:
            width = one_of("Width of a candle", list(WIDTHS), "width")
        asked = controls.question(symbol)
        compared = tuple(sorted({symbol, *controls.symbols})) if symbol else ()
        question = replace(asked, symbols=compared, width=WIDTHS[width])
        return lambda: question

    def draw(self, answer: MarketSnapshot) -> None:
        """Draw the symbol's panels, from top to bottom."""
        symbol = answer.question.focus
        if answer.span is None or symbol is None:
            return
        if symbol not in answer.symbols:
            st.html(f'<p class="quiet">{escape(UNKNOWN.format(symbol=symbol))}</p>')
            return
        row = next((row for row in answer.standings if row.symbol == symbol), None)
        if row is not None:
            st.html(_numbers(row))
            remark = _remark(answer, row)
            if remark is not None:
                st.html(f'<p class="note">{remark}</p>')
        if answer.candles:
            _charts(answer, symbol, answer.span)
        else:
            panels.missing(answer, symbol)
        downloads.keep("candles", answer.candles)
        if any(answer.lines.values()):
            with st.container(key="compare"):
                panels.compare(answer)
        with st.container(horizontal=True, key="row_news", gap="small"):
            panels.recent(answer, formatting.currency([symbol]))
            panels.found(answer)

    def aside(self, controls: Controls, shown: Callable[[], MarketSnapshot | None]) -> None:
        """Offer downloads."""
        del controls, shown
        downloads.offer("candles", "trades")


def _symbol(offered: list[str]) -> str | None:
    """Return the chosen symbol; if none is chosen the last one, and at the start the first one offered.

    It has no default, so the address always has it: another symbol may be the first later.
    """
    if not offered:
        return None
    last = st.session_state.setdefault(LAST, offered[0])
    if st.session_state.get("symbol") is None:
        st.session_state["symbol"] = last
    chosen = st.selectbox("Symbol", offered, None, key="symbol", bind="query-params")
    st.session_state[LAST] = chosen or last
    return str(st.session_state[LAST])


def _charts(snapshot: MarketSnapshot, symbol: str, span: Span) -> None:
    panels.candles(snapshot, symbol, span)
    said = f"Net bought share of the volume of {symbol}, by candle"
    bars = partial(prices.imbalance, snapshot, symbol)
    plot(bars, "imbalance_plot", "Bought less sold", said, snapshot.once)


def _remark(snapshot: MarketSnapshot, row: Standing) -> str | None:
    """Return as HTML why trades or candles are missing here, or None if none are."""
    if snapshot.elsewhere:
        return _elsewhere(snapshot, row.symbol)
    if not snapshot.candles and snapshot.tape:
        return escape(NO_CANDLES.format(symbol=row.symbol))
    covered = snapshot.candle_span(snapshot.span) if snapshot.span else None
    if snapshot.span and covered and covered.start > snapshot.span.start:
        since = formatting.moment(covered.start, snapshot.read_at)
        return escape(f"The chart has room for the candles since {since}; choose wider ones to see more.")
    return None


def _elsewhere(snapshot: MarketSnapshot, symbol: str) -> str:
    first, last = snapshot.elsewhere[-1].timestamp, snapshot.elsewhere[0].timestamp
    since, until = (formatting.moment(moment, snapshot.read_at) for moment in (first, last))
    said = f"No trade of {symbol} in this window. Its newest trades are from {since} to {until}: "
    return escape(said) + elements.link("show their charts", links.span(symbol, first, last))


def _numbers(row: Standing) -> str:
    bought = formatting.bought(row.buy_volume, row.sell_volume, row.volume)
    columns = (
        ("Last", formatting.price(row.last), formatting.change(row.change)),
        ("High", formatting.price(row.high), "of the window"),
        ("Low", formatting.price(row.low), "of the window"),
        ("Volume", formatting.short(row.volume), bought),
        ("Trades", f"{row.trades:,}", _beside(row)),
    )
    return totals(starmap(Total, columns))


def _beside(row: Standing) -> str:
    return f"◆ {row.findings:,} unusual" + (f", {row.late:,} late" if row.late else "")

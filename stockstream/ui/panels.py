"""The panels of the pages; each draws one part of a market snapshot."""

from functools import partial
from html import escape

import streamlit as st

from stockstream.ui import controls
from stockstream.ui.charts import gaps, prices, shares, style
from stockstream.ui.charts.plot import plot
from stockstream.ui.charts.scale import usual_lines
from stockstream.ui.data.market_snapshot import MarketSnapshot
from stockstream.ui.data.window import WORDS, Span
from stockstream.ui.data.zones import zone_name
from stockstream.ui.html import elements, formatting, heat, links, ranking_columns
from stockstream.ui.html.ranking import chosen, encoded, ranking
from stockstream.ui.parameters import CHANGE, MOST_VALUE, PRICES
from stockstream.ui.server import downloads

TAPE_HEIGHT = 480
LATEST_FINDINGS = 25
MOST_ROWS = 100


def compare(snapshot: MarketSnapshot) -> None:
    """Draw the symbols' prices over time."""
    view = controls.one_of("Prices as", PRICES, "prices", is_seen=False)
    plot(
        partial(prices.compare, snapshot, as_change=view == CHANGE),
        "prices_plot",
        "Prices",
        f"Prices of the symbols over the {WORDS[snapshot.question.window]}, anomalies marked",
        snapshot.once,
        view,
    )


def focus(snapshot: MarketSnapshot, span: Span) -> None:
    """Draw one symbol's candles, with a control that chooses the symbol."""
    names = controls.choices((row.symbol for row in snapshot.shown), "candles")
    st.selectbox(
        "Symbol of the candles",
        [MOST_VALUE, *(name for name in names if name != MOST_VALUE)],
        key="candles",
        bind="query-params",
        label_visibility="collapsed",
    )
    candles(snapshot, snapshot.focus or snapshot.standings[0].symbol, span)


def candles(snapshot: MarketSnapshot, symbol: str, span: Span) -> None:
    """Draw a symbol's candles, without a control."""
    low = min((candle.low for candle in snapshot.candles), default=None)
    high = max((candle.high for candle in snapshot.candles), default=None)
    plot(
        partial(prices.focus, snapshot, symbol, span),
        "candles_plot",
        f"Candles of {symbol}",
        f"{len(snapshot.candles)} candles of {symbol} from {formatting.price(low)} to"
        f" {formatting.price(high)}, with volume, vwap and anomalies."
        f" {gaps.words(symbol, snapshot)}".rstrip(),
        snapshot.once,
    )
    missing(snapshot, symbol)


def missing(snapshot: MarketSnapshot, symbol: str) -> None:
    """Say where trades of a symbol are missing, if any are."""
    if said := gaps.words(symbol, snapshot):
        st.html(f'<p class="note gaps">{escape(said)}</p>')


def heat_map(snapshot: MarketSnapshot, span: Span) -> None:
    """Draw each symbol's change over the window."""
    with st.container(key="card_heat"):
        cells = snapshot.once("heat", lambda: heat.heat(snapshot, span))
        st.html(elements.titled("Change over the window, in percent", cells))


def standings(snapshot: MarketSnapshot, sign: str) -> None:
    """Draw the table of symbols in the order that the viewer chose."""
    order = chosen()
    rows = snapshot.once(f"rows {order}", lambda: ranking_columns.ordered(snapshot.shown, order)[:MOST_ROWS])

    def table() -> bytes:
        inks = style.colours(snapshot.symbols)
        lines = usual_lines(snapshot)
        return encoded(ranking_columns.heads(order, sign), elements.performance(rows, lines, inks))

    ranking(snapshot.once(f"table {order} {links.kept()}", table))
    downloads.keep("performance", rows)


def split(snapshot: MarketSnapshot, sign: str) -> None:
    """Draw how value and volume are split among the symbols."""
    bars, ring = partial(shares.value_bars, snapshot, sign), partial(shares.volume_shares, snapshot)
    plot(bars, "value_plot", "Value by symbol", "Value traded by symbol", snapshot.once)
    plot(ring, "volume_plot", "Share of volume", "Share of the volume by symbol", snapshot.once)


def recent(snapshot: MarketSnapshot, sign: str) -> None:
    """Draw the tape: the newest trades."""
    prints = sorted([*snapshot.tape, *snapshot.elsewhere], key=lambda trade: trade.timestamp, reverse=True)
    with st.container(height=TAPE_HEIGHT, key="tape"):
        zone = zone_name(snapshot.read_at)
        tape = snapshot.once(
            "tape", lambda: elements.tape(prints, sign, zone, dated=bool(snapshot.elsewhere))
        )
        st.html(elements.titled("Recent trades", tape))
    downloads.keep("trades", prints[::-1])  # oldest first, as a replay expects them


def found(snapshot: MarketSnapshot) -> None:
    """Draw the latest findings."""
    with st.container(height=TAPE_HEIGHT, key="findings"):
        newest = snapshot.marks[:LATEST_FINDINGS]
        findings = snapshot.once(
            f"findings {links.kept()}", lambda: elements.findings(newest, snapshot.read_at)
        )
        st.html(elements.titled("Latest findings", findings))

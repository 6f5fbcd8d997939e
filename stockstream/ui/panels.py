"""The panels of the pages; each draws one part of a picture."""

from functools import partial
from html import escape

import streamlit as st

from stockstream.ui import controls
from stockstream.ui.charts import gaps, prices, shares, style
from stockstream.ui.charts.plot import plot
from stockstream.ui.charts.scale import usual_lines
from stockstream.ui.data.market_snapshot import Picture
from stockstream.ui.data.window import WORDS, Span
from stockstream.ui.data.zones import zone_name
from stockstream.ui.html import elements, formatting, heat, links, ranking_columns
from stockstream.ui.html.ranking import chosen, ranking, told
from stockstream.ui.parameters import CHANGE, MOST_VALUE, PRICES
from stockstream.ui.server import downloads

TAPE_HEIGHT = 480
LATEST_FINDINGS = 25
MOST_ROWS = 100


def compare(picture: Picture) -> None:
    """Draw the symbols' prices over time."""
    view = controls.one_of("Prices as", PRICES, "prices", is_seen=False)
    plot(
        partial(prices.compare, picture, as_change=view == CHANGE),
        "prices_plot",
        "Prices",
        f"Prices of the symbols over the {WORDS[picture.question.window]}, anomalies marked",
        picture.once,
        view,
    )


def focus(picture: Picture, span: Span) -> None:
    """Draw one symbol's candles; the choice is a control of its own."""
    names = controls.choices((row.symbol for row in picture.shown), "candles")
    st.selectbox(
        "Symbol of the candles",
        [MOST_VALUE, *(name for name in names if name != MOST_VALUE)],
        key="candles",
        bind="query-params",
        label_visibility="collapsed",
    )
    candles(picture, picture.focus or picture.standings[0].symbol, span)


def candles(picture: Picture, symbol: str, span: Span) -> None:
    """Draw a symbol's candles alone."""
    low = min((candle.low for candle in picture.candles), default=None)
    high = max((candle.high for candle in picture.candles), default=None)
    plot(
        partial(prices.focus, picture, symbol, span),
        "candles_plot",
        f"Candles of {symbol}",
        f"{len(picture.candles)} candles of {symbol} from {formatting.price(low)} to"
        f" {formatting.price(high)}, with volume, vwap and anomalies. {gaps.words(symbol, picture)}".rstrip(),
        picture.once,
    )
    missing(picture, symbol)


def missing(picture: Picture, symbol: str) -> None:
    """Say where trades of a symbol are missing, if they are anywhere."""
    if said := gaps.words(symbol, picture):
        st.html(f'<p class="note gaps">{escape(said)}</p>')


def heat_map(picture: Picture, span: Span) -> None:
    """Draw each symbol's change over the window."""
    with st.container(key="card_heat"):
        cells = picture.once("heat", lambda: heat.heat(picture, span))
        st.html(elements.titled("Change over the window, in percent", cells))


def standings(picture: Picture, sign: str) -> None:
    """Draw the table of the symbols, in the order that the viewer chose."""
    order = chosen()
    rows = picture.once(f"rows {order}", lambda: ranking_columns.ordered(picture.shown, order)[:MOST_ROWS])

    def table() -> bytes:
        inks = style.colours(picture.symbols)
        lines = usual_lines(picture)
        return told(ranking_columns.heads(order, sign), elements.performance(rows, lines, inks))

    ranking(picture.once(f"table {order} {links.kept()}", table))
    downloads.keep("performance", rows)


def split(picture: Picture, sign: str) -> None:
    """Draw who has the value and who has the volume."""
    bars, ring = partial(shares.value_bars, picture, sign), partial(shares.volume_shares, picture)
    plot(bars, "value_plot", "Value by symbol", "Value traded by symbol", picture.once)
    plot(ring, "volume_plot", "Share of volume", "Share of the volume by symbol", picture.once)


def recent(picture: Picture, sign: str) -> None:
    """Draw the tape: the newest trades."""
    prints = sorted([*picture.tape, *picture.elsewhere], key=lambda trade: trade.timestamp, reverse=True)
    with st.container(height=TAPE_HEIGHT, key="tape"):
        zone = zone_name(picture.read_at)
        tape = picture.once("tape", lambda: elements.tape(prints, sign, zone, dated=bool(picture.elsewhere)))
        st.html(elements.titled("Recent trades", tape))
    downloads.keep("trades", prints[::-1])  # in order of time, as a replay wants them


def found(picture: Picture) -> None:
    """Draw the latest findings."""
    with st.container(height=TAPE_HEIGHT, key="findings"):
        newest = picture.marks[:LATEST_FINDINGS]
        findings = picture.once(
            f"findings {links.kept()}", lambda: elements.findings(newest, picture.read_at)
        )
        st.html(elements.titled("Latest findings", findings))

"""The panels of the pages; each draws one part of a picture."""

from functools import partial

import streamlit as st

from stockstream.ui import charts, downloads, heat, look, numerals, orders, pieces, shares
from stockstream.ui.picture import Picture
from stockstream.ui.plot import plot
from stockstream.ui.ranking import chosen, ranking, told
from stockstream.ui.scale import usual_lines
from stockstream.ui.window import WORDS, Span
from stockstream.ui.zones import zone_name

TAPE_HEIGHT = 480
LATEST_FINDINGS = 25
MOST_ROWS = 100
MOST_VALUE = "most value"


def compare(picture: Picture) -> None:
    """Draw the symbols' prices over time."""
    view = st.segmented_control(
        "Prices as",
        ["Change", "Price"],
        default="Change",
        required=True,
        key="prices",
        bind="query-params",
        label_visibility="collapsed",
    )
    plot(
        partial(charts.compare, picture, as_change=view != "Price"),
        "prices_plot",
        "Prices",
        f"Prices of the symbols over the {WORDS[picture.question.window]}, anomalies marked",
        picture.once,
        str(view),
    )


def focus(picture: Picture, span: Span) -> None:
    """Draw one symbol's candles; the choice is a control of its own."""
    st.selectbox(
        "Symbol of the candles",
        [MOST_VALUE, *sorted(row.symbol for row in picture.shown)],
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
        partial(charts.focus, picture, symbol, span),
        "candles_plot",
        f"Candles of {symbol}",
        f"{len(picture.candles)} candles of {symbol} from {numerals.price(low)} to {numerals.price(high)},"
        f" with volume, vwap and anomalies",
        picture.once,
    )


def heat_map(picture: Picture, span: Span) -> None:
    """Draw each symbol's change over the window."""
    with st.container(key="card_heat"):
        cells = picture.once("heat", lambda: heat.heat(picture, span))
        st.html(pieces.titled("Change over the window, in percent", cells))


def standings(picture: Picture, sign: str) -> None:
    """Draw the table of the symbols, in the order that the viewer chose."""
    order = chosen()
    rows = picture.once(f"rows {order}", lambda: orders.ordered(picture.shown, order)[:MOST_ROWS])

    def table() -> bytes:
        inks = look.colours(picture.symbols)
        lines = usual_lines(picture)
        return told(orders.heads(order, sign), pieces.performance(rows, lines, inks))

    ranking(picture.once(f"table {order}", table))
    downloads.keep("performance", rows)


def split(picture: Picture, sign: str) -> None:
    """Draw who has the value and who has the volume."""
    bars, ring = partial(shares.value_bars, picture, sign), partial(shares.volume_shares, picture)
    plot(bars, "value_plot", "Value by symbol", "Value traded by symbol", picture.once)
    plot(ring, "volume_plot", "Share of volume", "Share of the volume by symbol", picture.once)


def recent(picture: Picture, sign: str) -> None:
    """Draw the tape: the newest trades."""
    with st.container(height=TAPE_HEIGHT, key="tape"):
        zone = zone_name(picture.read_at)
        tape = picture.once("tape", lambda: pieces.tape(picture.tape, sign, zone))
        st.html(pieces.titled("Recent trades", tape))
    downloads.keep("trades", picture.tape[::-1])  # in order of time, as a replay wants them


def found(picture: Picture) -> None:
    """Draw the latest findings."""
    with st.container(height=TAPE_HEIGHT, key="findings"):
        newest = picture.marks[:LATEST_FINDINGS]
        findings = picture.once("findings", lambda: pieces.findings(newest, picture.read_at))
        st.html(pieces.titled("Latest findings", findings))

"""The panels of the pages; each draws one part of a picture."""

import streamlit as st

from stockstream.ui import charts, downloads, heat, look, numerals, pieces, shares
from stockstream.ui.picture import Picture
from stockstream.ui.plot import plot
from stockstream.ui.window import WORDS, Span
from stockstream.ui.zones import zone_name

TAPE_HEIGHT = 420
LATEST_FINDINGS = 25
MOST_ROWS = 100
MOST_VALUE = "most value"


def compare(picture: Picture) -> None:
    """Draw the symbols' prices over time."""
    left, right = st.columns([2, 1], vertical_alignment="center")
    left.markdown("### Prices", anchors=False)
    view = right.segmented_control(
        "Prices as",
        ["Change", "Price"],
        default="Change",
        required=True,
        key="prices",
        bind="query-params",
        label_visibility="collapsed",
    )
    figure = charts.compare(picture, as_change=view != "Price")
    plot(
        figure,
        "prices_plot",
        f"Prices of the symbols over the {WORDS[picture.question.window]}, anomalies marked",
    )


def focus(picture: Picture, span: Span) -> None:
    """Draw one symbol's candles; the choice is a control of its own."""
    symbol = picture.focus or picture.standings[0].symbol
    left, right = st.columns([2, 1], vertical_alignment="center")
    left.markdown(f"### Candles of {symbol}", anchors=False)
    right.selectbox(
        "Symbol of the candles",
        [MOST_VALUE, *sorted(row.symbol for row in picture.shown)],
        key="candles",
        bind="query-params",
        label_visibility="collapsed",
    )
    candles(picture, symbol, span)


def candles(picture: Picture, symbol: str, span: Span) -> None:
    """Draw a symbol's candles alone."""
    low = min((candle.low for candle in picture.candles), default=None)
    high = max((candle.high for candle in picture.candles), default=None)
    plot(
        charts.focus(picture, symbol, span),
        "candles_plot",
        f"{len(picture.candles)} candles of {symbol} from {numerals.price(low)} to {numerals.price(high)},"
        f" with volume, vwap and anomalies",
    )


def heat_map(picture: Picture, span: Span) -> None:
    """Draw each symbol's change over the window."""
    with st.container(key="card_heat"):
        st.markdown("### Change over the window, in percent", anchors=False)
        plot(heat.heat(picture, span), "heat_plot", "Change of each symbol in each twelfth of the window")


def standings(picture: Picture, sign: str) -> None:
    """Draw the table of the symbols, in the order that the viewer chose."""
    left, right = st.columns([3, 1], vertical_alignment="center")
    left.markdown("### Performance", anchors=False)
    order = right.selectbox(
        "Order of the table",
        [*pieces.ORDERS, "symbol"],
        key="order",
        bind="query-params",
        label_visibility="collapsed",
        icon=":material/sort:",
    )
    rows = pieces.ordered(picture.shown, str(order))[:MOST_ROWS]
    st.html(pieces.performance(rows, picture.lines, sign, look.colours(picture.symbols)))
    downloads.offer("performance", rows)


def split(picture: Picture, sign: str) -> None:
    """Draw who has the value and who has the volume."""
    left, right = st.columns([3, 2], gap="small")
    with left, st.container(key="shares"):
        st.markdown("### Value by symbol", anchors=False)
        plot(shares.value_bars(picture, sign), "value_plot", "Value traded by symbol")
    with right, st.container(key="flow"):
        st.markdown("### Share of volume", anchors=False)
        plot(shares.volume_shares(picture), "volume_plot", "Share of the volume by symbol")


def recent(picture: Picture, sign: str) -> None:
    """Draw the tape: the newest trades."""
    st.markdown("### Recent trades", anchors=False)
    with st.container(height=TAPE_HEIGHT, border=False, key="tape"):
        st.html(pieces.tape(picture.tape, sign, zone_name(picture.read_at)))
    downloads.offer("trades", picture.tape[::-1])  # in order of time, as a replay wants them


def found(picture: Picture) -> None:
    """Draw the latest findings."""
    st.markdown("### Latest findings", anchors=False)
    with st.container(height=TAPE_HEIGHT, border=False, key="findings"):
        st.html(pieces.findings(picture.marks[:LATEST_FINDINGS], picture.read_at))

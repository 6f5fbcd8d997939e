"""The panels of the page, top to bottom; each draws one part of a picture."""

from decimal import Decimal

import streamlit as st

from stockstream.ui import charts, look, numerals, pieces, shares
from stockstream.ui.picture import Picture
from stockstream.ui.plot import plot
from stockstream.ui.window import WORDS, Span

TAPE_HEIGHT = 420
LATEST_FINDINGS = 25
MOST_ROWS = 100
MOST_VALUE = "most value"
ZERO = Decimal(0)


def market(picture: Picture, span: Span) -> None:
    """Draw all panels of a market that has trades."""
    sign = numerals.currency([row.symbol for row in picture.standings])
    totals(picture, sign)
    left, right = st.columns([3, 2], gap="small")
    with left, st.container(key="compare"):
        compare(picture)
    with right, st.container(key="focus"):
        focus(picture, span)
    with st.container(key="standings"):
        standings(picture, sign)
    split(picture, sign)
    left, right = st.columns([3, 2], gap="small")
    with left, st.container(key="recent"):
        recent(picture, sign)
    with right, st.container(key="found"):
        found(picture)


def totals(picture: Picture, sign: str) -> None:
    """Draw the five numbers on top: sums over the candles of the window."""
    rows = picture.standings
    trades = sum(row.trades for row in rows)
    volume = sum((row.volume for row in rows), ZERO)
    bought = sum((row.buy_volume for row in rows), ZERO)
    value = sum((row.value for row in rows), ZERO)
    late = sum(row.late for row in rows)
    findings = sum(row.findings for row in rows)
    with st.container(horizontal=True, key="totals", gap="small"):
        _total(
            "Trades",
            f"{trades:,}",
            f"{trades / picture.seconds:,.1f} a second" + (f", {late:,} more late" if late else ""),
        )
        _total("Volume", numerals.short(volume), f"{bought / volume:.0%} bought" if volume else "none")
        _total(
            f"Value {sign}".strip(),
            numerals.short(value),
            f"vwap {numerals.price(value / volume)}" if volume else "none",
        )
        active = sum(1 for row in rows if row.trades)
        _total("Active symbols", f"{active:,}", f"of {len(picture.symbols):,} on the tape")
        rate = f"{1000 * findings / trades:,.2f} in 1,000 trades" if trades else "none"
        _total("Anomalies", f"{findings:,}", rate)


def _total(label: str, value: str, beside: str) -> None:
    st.metric(label, value, beside, delta_color="off", delta_arrow="off", border=False)


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
    plot(
        charts.focus(picture, symbol, span),
        "candles_plot",
        f"Candles of {symbol} with volume, vwap and anomalies",
    )


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
        st.html(pieces.tape(picture.tape, sign))


def found(picture: Picture) -> None:
    """Draw the latest findings."""
    st.markdown("### Latest findings", anchors=False)
    with st.container(height=TAPE_HEIGHT, border=False, key="findings"):
        st.html(pieces.findings(picture.marks[:LATEST_FINDINGS], picture))

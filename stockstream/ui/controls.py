"""The controls in the sidebar; each is kept in the address, so that a view can be sent to others."""

from collections.abc import Iterable
from dataclasses import dataclass

import streamlit as st

from stockstream.ui.picture import Question
from stockstream.ui.window import DEFAULT, MINUTES

LEAST_PRINTS, MOST_PRINTS, USUAL_PRINTS = 10, 200, 30
MOST_NAME = 20


@dataclass(frozen=True)
class Controls:
    """What the viewer set; the refresh is in seconds."""

    refresh: int
    paused: bool
    window: str
    symbols: tuple[str, ...]
    only_anomalies: bool
    prints: int

    def question(self, focus: str | None) -> Question:
        """Return the question that these controls ask, with a symbol to look at more closely."""
        return Question(self.window, self.symbols, focus, self.prints, self.only_anomalies)


def ask(known: Iterable[str], usual_refresh: int) -> Controls:
    """Show the controls and return how they stand."""
    with st.sidebar:
        st.markdown("### What to see")
        window = st.segmented_control(
            "Time window", list(MINUTES), default=DEFAULT, required=True, key="window", bind="query-params"
        )
        symbols = st.multiselect(
            "Symbols", _choices(known), key="symbols", bind="query-params", placeholder="All symbols"
        )
        only = st.toggle(
            "Anomalies only",
            key="anomalies",
            bind="query-params",
            help="Symbols and trades that the detector found unusual",
        )
        prints = st.slider(
            "Recent trades", LEAST_PRINTS, MOST_PRINTS, USUAL_PRINTS, 10, key="trades", bind="query-params"
        )
        st.markdown("### How fast")
        refresh = st.slider(
            "Refresh every", 1, 10, usual_refresh, format="%d s", key="refresh", bind="query-params"
        )
        paused = st.toggle(
            "Pause", key="paused", bind="query-params", help="The picture stands; the market does not"
        )
    return Controls(refresh, paused, str(window or DEFAULT), tuple(sorted(symbols)), only, prints)


def _choices(known: Iterable[str]) -> list[str]:
    """Return the symbols to choose from: those in the address too, known or not yet (an outage, a start)."""
    asked = (name for name in st.query_params.get_all("symbols") if 0 < len(name) <= MOST_NAME)
    return sorted({*known, *asked})

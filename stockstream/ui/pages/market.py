"""The page of the whole market."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from stockstream.ui import address, panels
from stockstream.ui.controls import Controls
from stockstream.ui.data.market_snapshot import MarketSnapshot, Question
from stockstream.ui.html import formatting
from stockstream.ui.html.totals import totals
from stockstream.ui.pages.base import Page
from stockstream.ui.parameters import MOST_VALUE
from stockstream.ui.server import downloads


class Market(Page[MarketSnapshot]):
    """The page of the whole market."""

    title, path, icon = "Market", "", ":material/monitoring:"

    def ask(self, controls: Controls, known: set[str], seen: MarketSnapshot | None) -> Callable[[], Question]:
        """Show no controls: the symbol of the candles is chosen beside them."""
        del known, seen
        return partial(_question, controls)

    def draw(self, answer: MarketSnapshot) -> None:
        """Draw the market's panels, from top to bottom."""
        if answer.span is None:
            return
        sign = formatting.currency([row.symbol for row in answer.standings])
        st.html(answer.once("totals", lambda: totals(answer, sign)))
        with st.container(horizontal=True, key="row_prices", gap="small"):
            with st.container(key="compare"):
                panels.compare(answer)
            with st.container(key="focus"):
                panels.focus(answer, answer.span)
        panels.standings(answer, sign)
        with st.container(horizontal=True, key="row_shares", gap="small"):
            panels.split(answer, sign)
        panels.heat_map(answer, answer.span)
        with st.container(horizontal=True, key="row_news", gap="small"):
            panels.recent(answer, sign)
            panels.found(answer)

    def aside(self, controls: Controls, shown: Callable[[], MarketSnapshot | None]) -> None:
        """Offer downloads."""
        del controls, shown
        downloads.offer("performance", "trades")


def _question(controls: Controls) -> Question:
    """Return the question; until the candles are drawn, their symbol is only in the address."""
    (asked,) = address.usable(["candles"]).get("candles", [MOST_VALUE])
    chosen = st.session_state.get("candles") or asked
    return controls.question(None if chosen == MOST_VALUE else chosen)

"""The table of symbols: its heads sort it, its rows open their symbol, and a refresh updates it in place.

It is not a dataframe widget, which forgets its order each time a number changes and is drawn on a canvas that
neither a screen reader nor a narrow screen can use. The order is kept by the server and shown in the address.
A widget would keep the order that the browser last knew, and a refresh on its way would bring that one back.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import streamlit as st
from streamlit.components.v2 import component

from stockstream.ui.address import ORDER
from stockstream.ui.html.ranking_columns import USUAL, Head

KEY, IN_ADDRESS = "ranking", "order"

_table = component(
    "stockstream.ranking",
    html='<h3>Performance</h3><div class="wide" tabindex="0"><table class="performance">'
    "<thead><tr></tr></thead><tbody></tbody></table></div>",
    js=(Path(__file__).parent / "ranking.js").read_text("utf-8"),
    isolate_styles=False,
)


def chosen() -> str:
    """Return the order that the viewer or their link chose, and write it to the address."""
    order = str(st.session_state[ORDER])
    if order == USUAL:
        st.query_params.pop(IN_ADDRESS, None)
    elif st.query_params.get(IN_ADDRESS) != order:
        st.query_params[IN_ADDRESS] = order
    return order


def encoded(heads: Sequence[Head], body: str) -> bytes:
    """Return the table as its component takes it.

    Args:
        heads: the columns' heads; a click on one chooses its order.
        body: the rows as finished HTML, in which external text is escaped.
    """
    return msgspec.json.encode({"heads": heads, "body": body})


def ranking(table: bytes) -> None:
    """Draw the table that `encoded` returned."""
    _table(key=KEY, data=table, on_order_change=_choose)


def _choose() -> None:
    st.session_state[ORDER] = st.session_state[KEY].order

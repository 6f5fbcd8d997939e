"""A Plotly chart that stays while its figure changes.

Streamlit's own Plotly element is named by a hash of its figure: each refresh throws the chart away
and mounts a new one, and with it goes what the viewer had zoomed into. Here the chart is a small
component with a name of its own; Plotly's script is the one that the plotly package carries.
"""

from importlib.resources import files
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v1 import declare_component
from streamlit.components.v2 import component

Figure = dict[str, Any]

CONFIG = {
    "displaylogo": False,
    "modeBarButtons": [["zoom2d", "pan2d", "resetScale2d", "toImage"]],
}

HERE = Path(__file__).parent
LIBRARY = (HERE / "library.js").read_text("utf-8")

# Declared for its folder alone: Streamlit serves it, with the right type and to be cached.
declare_component("plotly", path=str(files("plotly") / "package_data"))

_plot = component(
    "stockstream.plot",
    html='<div class="plot"></div>',
    js=LIBRARY + (HERE / "plot.js").read_text("utf-8"),  # a chart may come before the fetching has begun
    isolate_styles=False,
)


def fetch_library() -> None:
    """Have the browser fetch Plotly's script, so that it is there when the first figure comes."""
    st.html(f"<script>{LIBRARY}</script>", unsafe_allow_javascript=True)


def plot(figure: Figure, key: str, alt: str) -> None:
    """Draw a figure; the chart of the same key takes it in place.

    Args:
        figure: data and layout as Plotly takes them; layout.height is in pixels.
        key: the chart's name on the page.
        alt: what it shows, in words, for those who do not see it.
    """
    _plot(key=key, data={"figure": figure, "config": CONFIG, "alt": alt}, height=figure["layout"]["height"])

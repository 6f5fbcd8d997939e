"""A Plotly chart that stays mounted while its figure changes.

Streamlit's own Plotly element is identified by a hash of its figure: each refresh discards the chart and
mounts a new one, which loses the viewer's zoom. Here the chart is a small component with a fixed name;
`vendor` says which of Plotly's scripts draws it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from streamlit.components.v2 import component

from stockstream.ui.server.scripts import PLOTLY

Figure = dict[str, Any]

CONFIG = {
    "displaylogo": False,
    "modeBarButtons": [["zoom2d", "pan2d", "resetScale2d", "toImage"]],
}

TITLE_HEIGHT = 42  # pixels, as in page.css

HERE = Path(__file__).parent
# Fetches Plotly's script; a page runs it first, so that the script is loaded when the first figure arrives.
LIBRARY = (HERE / "library.js").read_text("utf-8").replace("PLOTLY", PLOTLY)

_plot = component(
    "stockstream.plot",
    html='<h3></h3><div class="plot"></div>',
    js=LIBRARY + (HERE / "plot.js").read_text("utf-8"),  # a chart may arrive before fetching has begun
    isolate_styles=False,
)


@dataclass(frozen=True)
class Drawing:
    """A figure as its chart takes it: bytes, which Streamlit passes on without parsing them."""

    text: bytes
    height: int


# Returns what was made under a name before, or makes it, so that viewers share drawings.
Once = Callable[[str, Callable[[], Drawing]], Drawing]


def plot(  # noqa: PLR0913, PLR0917 - the figure, its texts, and how it is shared
    figure: Callable[[], Figure], key: str, title: str, alt: str, once: Once, view: str = ""
) -> None:
    """Draw a figure under its title; a chart with the same key is updated in place.

    Args:
        figure: returns data and layout as Plotly takes them; layout.height is in pixels.
        key: the chart's name on the page.
        title: the heading above it.
        alt: what it shows, in words, for viewers who cannot see it.
        once: the `once` of the answer that is drawn.
        view: tells two views of the same answer in the same chart apart.
    """
    drawn = once(f"{key} {view}", lambda: drawing(figure(), title, alt))
    _plot(key=key, data=drawn.text, height=drawn.height)


def drawing(figure: Figure, title: str, alt: str) -> Drawing:
    """Return a figure ready to send: its title and settings on the first line, the figure on the second.

    >>> drawing({"data": [], "layout": {"height": 9}}, "Nothing", "nothing").text.splitlines()[1]
    b'{"data":[],"layout":{"height":9}}'
    """
    height: int = figure["layout"]["height"]
    frame = {"title": title, "alt": alt, "height": height, "config": CONFIG}
    return Drawing(b"\n".join(map(msgspec.json.encode, (frame, figure))), height + TITLE_HEIGHT)

"""The light or dark theme that the viewer chose, so that a link opens in the same colours.

Streamlit reads a browser's choice once, when the page is loaded. So the choice is stored where Streamlit
looks for it, and the page is reloaded once. All other settings are in the address and survive the reload.
"""

import json
from pathlib import Path

import streamlit as st

SCRIPT = (Path(__file__).parent / "theme.js").read_text("utf-8")


def wear(theme: str) -> None:
    """Make the browser show `theme`: light, dark, or its own preference."""
    st.html(f"<script>{SCRIPT}({json.dumps(theme)})</script>", unsafe_allow_javascript=True)

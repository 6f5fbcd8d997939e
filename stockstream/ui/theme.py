"""Light or dark as the viewer chose it, so that a link opens in the same colours.

Streamlit reads a browser's choice once, when the page is loaded: so the choice is put where it looks,
and the page loaded anew, once. All else that was set is in the address and comes back by it.
"""

import json
from pathlib import Path

import streamlit as st

SCRIPT = (Path(__file__).parent / "theme.js").read_text("utf-8")


def wear(theme: str) -> None:
    """Have the browser show `theme`: light, dark, or its own preference."""
    st.html(f"<script>{SCRIPT}({json.dumps(theme)})</script>", unsafe_allow_javascript=True)

"""The dashboard: `streamlit run dashboard.py` shows the market live at http://localhost:8501."""

import streamlit as st

from stockstream.settings import PROJECT
from stockstream.ui import ending, serving

app = st.App(
    PROJECT / "stockstream" / "dashboard_page.py",
    lifespan=ending.lifespan,
    routes=serving.routes(),
    middleware=serving.middleware(),
)

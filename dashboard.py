"""The dashboard: `streamlit run dashboard.py` shows the market live at http://localhost:8501."""

import streamlit as st

from stockstream.settings import PROJECT
from stockstream.ui.server import scripts, shutdown

app = st.App(
    PROJECT / "stockstream" / "dashboard_page.py",
    lifespan=shutdown.lifespan,
    routes=scripts.routes(),
    middleware=scripts.middleware(),
)

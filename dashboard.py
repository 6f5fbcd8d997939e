"""The dashboard: `streamlit run dashboard.py` shows the market live at http://localhost:8501."""

import streamlit as st

from stockstream.settings import PROJECT
from stockstream.ui import serving

app = st.App(
    PROJECT / "stockstream" / "dashboard_page.py", routes=serving.routes(), middleware=serving.middleware()
)

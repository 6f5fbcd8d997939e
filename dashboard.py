"""The dashboard: `streamlit run dashboard.py` shows the market live at http://localhost:8501."""

import streamlit as st

from stockstream.errors import SettingsError
from stockstream.ui import live, page

st.set_page_config(page_title="Stock market, live", page_icon="📈", layout="wide")
try:
    usual_refresh = live.settings().streamlit_refresh_interval
except SettingsError as exc:
    st.error(str(exc))
    st.stop()
page.show(usual_refresh)

"""What Streamlit does not do itself: scripts, login, shutdown, downloads and background tasks."""

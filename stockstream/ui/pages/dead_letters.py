"""Dead letters to read and to replay."""

from collections.abc import Callable

import streamlit as st

from stockstream.ui.data.system_status import SystemStatus
from stockstream.ui.html import elements, tables
from stockstream.ui.server import downloads
from stockstream.ui.server.background_tasks import background_task

ABOUT = "Reads them by today's rules again: those that are trades move to the tape, the others stay"


def draw(replay: Callable[[], str]) -> None:
    """Offer to download the dead letters and to replay them."""
    downloads.offer("letters")
    with st.container(key="card_replay"):
        st.markdown("### Try dead letters again", anchors=False)
        background_task("replay", "Try again", ABOUT, lambda: replay, _told)


def _told(said: str) -> None:
    st.markdown(f"**{said}**")


def show(status: SystemStatus) -> None:
    """Draw the newest dead letters, each with its position and reason."""
    st.html(elements.titled("Dead letters", tables.letters(status.letters, status.read_at)))
    downloads.keep("letters", status.letters)

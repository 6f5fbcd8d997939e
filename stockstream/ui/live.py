"""One answer a refresh, shared by all viewers who ask the same; an outage is an answer too."""

import time
from dataclasses import dataclass

import streamlit as st

from stockstream import settings as settings_of
from stockstream.connectors.postgres import Address, address_of
from stockstream.connectors.readers import Readers
from stockstream.errors import StockstreamError
from stockstream.settings import Settings
from stockstream.ui import picture as pictures
from stockstream.ui.picture import Picture, Question

KEPT_ANSWERS = 32
LONGEST_REFRESH = 10


@dataclass(frozen=True)
class Trouble:
    """Why there is no picture now, in the one line that the viewer reads."""

    line: str


@dataclass(frozen=True)
class Taken:
    """A picture, and when it was taken by this machine's steady clock, in seconds."""

    picture: Picture
    at: float

    def seconds_old(self) -> float:
        """Return how long ago the newest trade happened, by the database's clock and ours since."""
        if self.picture.newest is None:
            return 0.0
        then = (self.picture.read_at - self.picture.newest).total_seconds()
        return then + time.monotonic() - self.at


@st.cache_resource(show_spinner=False)
def settings() -> Settings:
    """Return the settings, read once for all viewers."""
    return settings_of.load()


@st.cache_resource(show_spinner=False, max_entries=1)
def readers(address: Address) -> Readers:
    """Return the connections that all viewers share."""
    return Readers(address, "dashboard")


def look(question: Question, interval: int) -> Taken | Trouble:
    """Return the answer of this refresh: the clock is cut in intervals, and each asks once."""
    return _look(question, interval, int(time.time() // interval))


def known_symbols() -> tuple[str, ...]:
    """Return the symbols on the tape, or none while it cannot be read."""
    return _known_symbols(int(time.time() // LONGEST_REFRESH))


@st.cache_data(show_spinner=False, max_entries=KEPT_ANSWERS, ttl=LONGEST_REFRESH)
def _look(question: Question, interval: int, tick: int) -> Taken | Trouble:
    del interval, tick  # they are here to tell one refresh from the next
    try:
        picture = readers(address_of(settings())).read(lambda rows: pictures.take(rows, question))
    except StockstreamError as exc:
        return Trouble(str(exc))
    return Taken(picture, time.monotonic())


@st.cache_data(show_spinner=False, max_entries=1)
def _known_symbols(tick: int) -> tuple[str, ...]:
    del tick
    try:
        return readers(address_of(settings())).read(pictures.symbols)
    except StockstreamError:
        return ()

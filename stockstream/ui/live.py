"""One answer a refresh, shared by all viewers who ask the same; an outage is an answer too."""

import time
from dataclasses import dataclass
from math import ceil

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
BUSY_SHARE = 0.1


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


@st.cache_resource(show_spinner=False, max_entries=KEPT_ANSWERS)
def costs(question: Question) -> dict[str, float]:
    """Return what is known about the cost of a question: the `seconds` that its last answer took."""
    del question
    return {"seconds": 0.0}


def look(question: Question, interval: int) -> Taken | Trouble:
    """Return the answer of this refresh: the clock is cut in intervals, and each asks once.

    An answer that took long (the whole of a long tape) is kept longer, up to the longest refresh, so
    that a question keeps the database busy for a tenth of the time and not for all of it.
    """
    slow = min(ceil(costs(question)["seconds"] / BUSY_SHARE), LONGEST_REFRESH)
    pace = max(interval, slow)
    return _look(question, pace, int(time.time() // pace))


def known_symbols() -> tuple[str, ...]:
    """Return the symbols on the tape, or none while it cannot be read."""
    return _known_symbols(int(time.time() // LONGEST_REFRESH))


@st.cache_data(show_spinner=False, max_entries=KEPT_ANSWERS, ttl=LONGEST_REFRESH)
def _look(question: Question, pace: int, tick: int) -> Taken | Trouble:
    del pace, tick  # they are here to tell one refresh from the next
    began = time.monotonic()
    try:
        picture = readers(address_of(settings())).read(lambda rows: pictures.take(rows, question))
        return Taken(picture, time.monotonic())
    except StockstreamError as exc:
        return Trouble(str(exc))
    finally:
        costs(question)["seconds"] = time.monotonic() - began


@st.cache_data(show_spinner=False, max_entries=1)
def _known_symbols(tick: int) -> tuple[str, ...]:
    del tick
    try:
        return readers(address_of(settings())).read(pictures.symbols)
    except StockstreamError:
        return ()

"""One answer per refresh, shared by all viewers who ask the same question; an outage is an answer too."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import partial
from math import ceil

import streamlit as st

from stockstream import settings as settings_of
from stockstream.connectors.kafka import topic
from stockstream.connectors.kafka.client import cluster_of
from stockstream.connectors.postgres.connection import Address, address_of
from stockstream.connectors.postgres.read_pool import ReadPool, Rows
from stockstream.errors import StockstreamError
from stockstream.market.sessions.calendars import calendars
from stockstream.settings import Settings
from stockstream.ui.data.lines import Lines
from stockstream.ui.data.market_snapshot import MarketSnapshot, Question
from stockstream.ui.data.reach import symbols
from stockstream.ui.data.search import Found, Search
from stockstream.ui.data.system_status import Condition, Process, SystemStatus
from stockstream.ui.data.zones import formatted_in

Asked = Question | Search | Condition
Answer = MarketSnapshot | Found | SystemStatus

KEPT_ANSWERS = 32
LONGEST_REFRESH = 10
BUSY_SHARE = 0.1
KAFKA_PACE, KAFKA_TIMEOUT = 4, 1.0
PROCESSES_PACE = 2


@dataclass(frozen=True)
class LastError:
    """Why there is no answer now, in the one line that the viewer reads."""

    line: str


@dataclass(frozen=True)
class Refresh:
    """An answer, and when it was read by this machine's monotonic clock, in seconds."""

    snapshot: Answer
    at: float
    _told: dict[tzinfo, Answer] = field(default_factory=dict, init=False, compare=False, repr=False)

    def formatted_in(self, zone: tzinfo) -> Answer:
        """Return the answer with its times in a zone; all viewers in that zone share it."""
        if zone not in self._told:
            self._told[zone] = formatted_in(zone, self.snapshot)
        return self._told[zone]

    def seconds_old(self) -> float:
        """Return how long ago the newest trade happened, by the database's clock and since then by ours."""
        if self.snapshot.newest is None:
            return 0.0
        then = (self.snapshot.read_at - self.snapshot.newest).total_seconds()
        return then + time.monotonic() - self.at


@st.cache_resource(show_spinner=False)
def settings() -> Settings:
    """Return the settings, read once for all viewers."""
    return settings_of.load()


@st.cache_resource(show_spinner=False, max_entries=1)
def readers(address: Address) -> ReadPool:
    """Return the connections that all viewers share."""
    return ReadPool(address, "dashboard")


@st.cache_resource(show_spinner=False, max_entries=1)
def lines(address: Address) -> Lines:
    """Return the points of lines that all viewers share."""
    del address  # another database has other points
    return Lines()


@st.cache_resource(show_spinner=False, max_entries=KEPT_ANSWERS)
def costs(question: Asked) -> dict[str, float]:
    """Return the known cost of a question: the `seconds` that its last answer took."""
    del question
    return {"seconds": 0.0}


def look(question: Asked, interval: int) -> Refresh | LastError:
    """Return the answer of this refresh; a question is asked once in each interval of the clock.

    An answer that took long (such as the whole of a long tape) is kept longer, up to LONGEST_REFRESH, so that
    a question keeps the database busy for a tenth of the time and not for all of it.
    """
    slow = min(ceil(costs(question)["seconds"] / BUSY_SHARE), LONGEST_REFRESH)
    pace = max(interval, slow)
    return _look(question, pace, int(time.time() // pace))


def known_symbols() -> tuple[str, ...]:
    """Return the symbols on the tape, or none while it cannot be read."""
    return _known_symbols(int(time.time() // LONGEST_REFRESH))


# Answers are never modified, so all viewers share one: a copy for each would cost as much as the query.
@st.cache_resource(show_spinner=False, max_entries=KEPT_ANSWERS, ttl=LONGEST_REFRESH)
def _look(question: Asked, pace: int, tick: int) -> Refresh | LastError:
    del pace, tick  # as keys of the cache, they tell one refresh from the next
    address, began = address_of(settings()), time.monotonic()
    try:
        return Refresh(readers(address).read(_way_to(question, address)), time.monotonic())
    except StockstreamError as exc:
        return LastError(str(exc))
    finally:
        costs(question)["seconds"] = time.monotonic() - began


def _way_to(question: Asked, address: Address) -> Callable[[Rows], Answer]:
    if not isinstance(question, Question):
        return question.answer
    return partial(question.answer, lines=lines(address), rules=calendars(settings().calendars))


def ends() -> dict[int, int] | None:
    """Return the ends of the topic's partitions, or None while no broker answers."""
    return _ends(int(time.time() // KAFKA_PACE))


def processes(look_up: Callable[[], list[Process]]) -> list[Process]:
    """Return the processes that start.sh keeps running, looked up once per interval for all viewers."""
    return _processes(look_up, int(time.time() // PROCESSES_PACE))


@st.cache_data(show_spinner=False, max_entries=1)
def _processes(_look_up: Callable[[], list[Process]], tick: int) -> list[Process]:
    del tick
    return _look_up()


@st.cache_data(show_spinner=False, max_entries=1)
def _ends(tick: int) -> dict[int, int] | None:
    del tick
    try:
        wanted = settings()
        return topic.ends(cluster_of(wanted), wanted.kafka_topic, KAFKA_TIMEOUT)
    except StockstreamError:
        return None


@st.cache_data(show_spinner=False, max_entries=1)
def _known_symbols(tick: int) -> tuple[str, ...]:
    del tick
    try:
        return readers(address_of(settings())).read(symbols)
    except StockstreamError:
        return ()

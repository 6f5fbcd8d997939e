"""The controls in the sidebar; each is kept in the address, so that a view can be shared as a link."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from stockstream.ui import address, parameters
from stockstream.ui.data.hours import EVERY
from stockstream.ui.data.market_snapshot import Question
from stockstream.ui.data.window import RANGE, WORDS
from stockstream.ui.parameters import (
    AS_THE_BROWSER,
    FIRST,
    HOURS,
    LAST,
    MINE,
    OF_THE_EXCHANGE,
    OF_THE_WORLD,
    PARAMETERS,
    THEMES,
    TIMES,
)

TIMES_TIP = "Mine is this browser's time zone, exchange that of the exchange of the candles' symbol"


@dataclass(frozen=True)
class Controls:
    """What the viewer has set; `refresh` is in seconds, `zone` is the time zone of the times shown.

    If `is_local`, they are shown in the zone of the exchange of the candles' symbol instead, if it has one.
    `since` and `until` are as they were set, in either order. `theme` is light, dark, or what the browser
    prefers.
    """

    refresh: int
    paused: bool
    window: str
    symbols: tuple[str, ...]
    only_anomalies: bool
    prints: int
    since: datetime | None
    until: datetime | None
    zone: tzinfo
    theme: str = AS_THE_BROWSER
    hours: str = EVERY
    is_local: bool = False

    def question(self, focus: str | None) -> Question:
        """Return the question that these controls ask; `focus` is a symbol to show in more detail."""
        since, until = (self.until, self.since) if self.is_reversed else (self.since, self.until)
        return Question(
            self.window,
            self.symbols,
            focus,
            self.prints,
            self.only_anomalies,
            since,
            until,
            hours=self.hours,
            is_local=self.is_local,
        )

    @property
    def is_reversed(self) -> bool:
        """Return whether the range ends before it begins."""
        return self.since is not None and self.until is not None and self.until < self.since


def ask(known: Iterable[str], usual_refresh: int) -> Controls:
    """Show the controls and return their values."""
    with st.sidebar:
        st.markdown("### What to see", anchors=False)
        window = one_of("Time window", list(WORDS), "window")
        since, until = _range() if window == RANGE else (None, None)
        hours = one_of("Hours", HOURS, "hours", "Regular are the sessions of the exchange alone")
        symbols, only, prints = _symbols(known), _only_anomalies(), _prints()
        st.markdown("### How", anchors=False)
        refresh, paused = _refresh(usual_refresh), _paused()
        zone = one_of("Times", TIMES, "times", TIMES_TIP)
        theme = one_of("Colours", THEMES, "theme", "Browser is what this browser prefers")
    shown = _zone(zone), theme, hours, zone == OF_THE_EXCHANGE
    return Controls(refresh, paused, window, symbols, only, prints, since, until, *shown)


def one_of(
    label: str, values: Sequence[str], key: str, tip: str | None = None, *, is_seen: bool = True
) -> str:
    """Show the values of a parameter, one of which is always chosen.

    They are shown as the address has them: Streamlit would write the labels of `format_func` there.
    """
    usual = str(PARAMETERS[key].usual)
    chosen = st.segmented_control(
        label,
        values,
        default=usual,
        required=True,
        key=key,
        bind="query-params",
        help=tip,
        label_visibility="visible" if is_seen else "collapsed",
    )
    return str(chosen or usual)


def _symbols(known: Iterable[str]) -> tuple[str, ...]:
    names = choices(known, "symbols")
    chosen = st.multiselect("Symbols", names, key="symbols", bind="query-params", placeholder="All symbols")
    return tuple(sorted(chosen))


def _only_anomalies() -> bool:
    tip = "Symbols and trades that the detector found unusual"
    return st.toggle("Anomalies only", key="anomalies", bind="query-params", help=tip)


def _prints() -> int:
    bounds = parameters.LEAST_PRINTS, parameters.MOST_PRINTS, parameters.USUAL_PRINTS, 10
    return st.slider("Recent trades", *bounds, key="trades", bind="query-params")


def _refresh(usual: int) -> int:
    bounds = parameters.LEAST_REFRESH, parameters.MOST_REFRESH, usual
    return st.slider("Refresh every", *bounds, format="%d s", key="refresh", bind="query-params")


def _paused() -> bool:
    return st.toggle(
        "Pause", key="paused", bind="query-params", help="The picture stands; the market does not"
    )


def choices(known: Iterable[str], key: str) -> list[str]:
    """Return the names to choose from.

    They include names already chosen that are not known yet, as in an outage or after a start.
    """
    asked = address.usable([key]).get(key, [])
    return sorted({*known, *asked, *parameters.texts(st.session_state.get(key))})


def _range() -> tuple[datetime | None, datetime | None]:
    """Return the start and the end in UTC, so that a link means the same wherever it is opened."""
    since, until = _minute("From (UTC)", "from"), _minute("to (UTC)", "to")
    return since and since.replace(tzinfo=UTC), until and until.replace(tzinfo=UTC)


def _minute(label: str, key: str) -> datetime | None:
    return st.datetime_input(
        label, value=None, min_value=FIRST, max_value=LAST, key=key, bind="query-params", step=60
    )


def _zone(choice: str) -> tzinfo:
    theirs = st.context.timezone
    if choice == MINE and theirs and theirs != OF_THE_WORLD:
        try:
            return ZoneInfo(theirs)
        except (ZoneInfoNotFoundError, ValueError):
            return UTC
    return UTC

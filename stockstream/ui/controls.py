"""The controls in the sidebar; each is kept in the address, so that a view can be sent to others."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from stockstream.ui.picture import Question
from stockstream.ui.window import DEFAULT, MINUTES, RANGE, WORDS

LEAST_PRINTS, MOST_PRINTS, USUAL_PRINTS = 10, 200, 30
MOST_NAME = 20
MINE, OF_THE_WORLD = "mine", "UTC"
AS_THE_BROWSER, LIGHT, DARK = "browser", "light", "dark"


@dataclass(frozen=True)
class Controls:
    """What the viewer set; the refresh is in seconds, `zone` is the one that times are told in.

    `theme` is light, dark, or what the browser prefers.
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

    def question(self, focus: str | None) -> Question:
        """Return the question that these controls ask, with a symbol to look at more closely."""
        return Question(
            self.window, self.symbols, focus, self.prints, self.only_anomalies, self.since, self.until
        )


def ask(known: Iterable[str], usual_refresh: int) -> Controls:
    """Show the controls and return how they stand."""
    with st.sidebar:
        st.markdown("### What to see", anchors=False)
        window = st.segmented_control(
            "Time window",
            [*MINUTES, RANGE],
            default=DEFAULT,
            required=True,
            key="window",
            bind="query-params",
            format_func=lambda name: WORDS[RANGE] if name == RANGE else name,
        )
        since, until = _range() if window == RANGE else (None, None)
        symbols = st.multiselect(
            "Symbols",
            choices(known, "symbols"),
            key="symbols",
            bind="query-params",
            placeholder="All symbols",
        )
        only = st.toggle(
            "Anomalies only",
            key="anomalies",
            bind="query-params",
            help="Symbols and trades that the detector found unusual",
        )
        prints = st.slider(
            "Recent trades", LEAST_PRINTS, MOST_PRINTS, USUAL_PRINTS, 10, key="trades", bind="query-params"
        )
        st.markdown("### How", anchors=False)
        refresh = st.slider(
            "Refresh every", 1, 10, usual_refresh, format="%d s", key="refresh", bind="query-params"
        )
        paused = st.toggle(
            "Pause", key="paused", bind="query-params", help="The picture stands; the market does not"
        )
        zone = st.segmented_control(
            "Times",
            [MINE, OF_THE_WORLD],
            default=MINE,
            required=True,
            key="times",
            bind="query-params",
            format_func=lambda name: "my time zone" if name == MINE else name,
        )
        theme = st.segmented_control(
            "Colours",
            [AS_THE_BROWSER, LIGHT, DARK],
            default=AS_THE_BROWSER,
            required=True,
            key="theme",
            bind="query-params",
            help="Auto is what the browser prefers",
            format_func=lambda name: "auto" if name == AS_THE_BROWSER else name,
        )
    return Controls(
        refresh,
        paused,
        str(window or DEFAULT),
        tuple(sorted(symbols)),
        only,
        prints,
        since,
        until,
        _zone(str(zone)),
        str(theme or AS_THE_BROWSER),
    )


def choices(known: Iterable[str], key: str) -> list[str]:
    """Return the symbols to choose from: those in the address too, known or not yet (an outage, a start)."""
    asked = (name for name in st.query_params.get_all(key) if 0 < len(name) <= MOST_NAME)
    return sorted({*known, *asked})


def _range() -> tuple[datetime | None, datetime | None]:
    """Return from when to when, in UTC: a link must mean the same wherever it is opened."""
    since = st.datetime_input("From (UTC)", value=None, key="from", bind="query-params", step=60)
    until = st.datetime_input("to (UTC)", value=None, key="to", bind="query-params", step=60)
    return since and since.replace(tzinfo=UTC), until and until.replace(tzinfo=UTC)


def _zone(choice: str) -> tzinfo:
    if choice == MINE and st.context.timezone:
        try:
            return ZoneInfo(st.context.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            return UTC
    return UTC

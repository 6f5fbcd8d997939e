"""The controls in the sidebar; each is kept in the address, so that a view can be sent to others."""

from collections.abc import Iterable, Mapping
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
        window = _one_of(
            "Time window", {name: name for name in MINUTES} | {RANGE: WORDS[RANGE]}, DEFAULT, "window"
        )
        since, until = _range() if window == RANGE else (None, None)
        symbols, only, prints = _symbols(known), _only_anomalies(), _prints()
        st.markdown("### How", anchors=False)
        refresh, paused = _refresh(usual_refresh), _paused()
        zone = _one_of("Times", {MINE: "my time zone", OF_THE_WORLD: OF_THE_WORLD}, MINE, "times")
        themes = {AS_THE_BROWSER: "auto", LIGHT: LIGHT, DARK: DARK}
        theme = _one_of("Colours", themes, AS_THE_BROWSER, "theme", "Auto is what the browser prefers")
    return Controls(refresh, paused, window, symbols, only, prints, since, until, _zone(zone), theme)


def _one_of(label: str, words: Mapping[str, str], usual: str, key: str, tip: str | None = None) -> str:
    """Show choices, each by its word; one is always chosen."""
    chosen = st.segmented_control(
        label,
        list(words),
        default=usual,
        required=True,
        key=key,
        bind="query-params",
        help=tip,
        format_func=lambda name: words[name],
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
    bounds = LEAST_PRINTS, MOST_PRINTS, USUAL_PRINTS, 10
    return st.slider("Recent trades", *bounds, key="trades", bind="query-params")


def _refresh(usual: int) -> int:
    return st.slider("Refresh every", 1, 10, usual, format="%d s", key="refresh", bind="query-params")


def _paused() -> bool:
    return st.toggle(
        "Pause", key="paused", bind="query-params", help="The picture stands; the market does not"
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
    theirs = st.context.timezone
    if choice == MINE and theirs and theirs != OF_THE_WORLD:
        try:
            return ZoneInfo(theirs)
        except (ZoneInfoNotFoundError, ValueError):
            return UTC
    return UTC

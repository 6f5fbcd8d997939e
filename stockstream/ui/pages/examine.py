"""The detector on demand: its findings in the trades that are shown, which are not stored."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, tzinfo
from functools import partial

import streamlit as st

from stockstream.errors import ServiceError
from stockstream.market.anomalies.finding import Finding
from stockstream.ui.data.records import Mark
from stockstream.ui.data.search import Found
from stockstream.ui.data.zones import formatted_in
from stockstream.ui.html import elements, formatting
from stockstream.ui.server import downloads
from stockstream.ui.server.background_tasks import Examined, background_task

MOST_SHOWN = 300
MICROSECOND = timedelta(microseconds=1)
ABOUT = "Runs the detector, with today's models, over the trades of this window; nothing is stored"

Examine = Callable[[Sequence[str], datetime, datetime], Examined]


def draw(shown: Callable[[], Found | None], examine: Examine, zone: tzinfo) -> None:
    """Offer to examine the window and symbols that are shown; `shown` returns the last answer."""
    with st.container(key="card_examine"):
        st.markdown("### Examine this window now", anchors=False)
        background_task(
            "examine",
            "Run the detector",
            ABOUT,
            lambda: partial(_examined, shown(), examine),
            partial(_told, zone=zone),
        )


def _examined(found: Found | None, examine: Examine) -> Examined:
    if found is None or found.span is None:
        raise ServiceError(what="no trade is shown; choose another window")
    asked = found.question.of.symbols or found.symbols
    return examine(asked, found.span.start, found.span.end + MICROSECOND)


def _told(examined: Examined, zone: tzinfo) -> None:
    marks = [mark_of(finding) for finding in reversed(examined.findings)]
    since, until = (
        formatting.moment(moment.astimezone(zone), moment) for moment in (examined.since, examined.until)
    )
    names = ", ".join(examined.symbols[:10]) + (" and others" if len(examined.symbols) > 10 else "")  # noqa: PLR2004
    with st.container(key="examined"):
        st.markdown(f"**{len(marks):,} findings** from {since} to {until} in {names}")
        for note in examined.notes:
            st.caption(note)
        if marks:
            st.html(elements.findings(formatted_in(zone, marks[:MOST_SHOWN]), examined.until))
            downloads.keep("examined", marks)
            downloads.offer("examined")


def mark_of(finding: Finding) -> Mark:
    """Return a finding as the page shows it."""
    return Mark(
        finding.start,
        finding.end,
        finding.symbol,
        finding.kind,
        list(finding.methods),
        finding.score,
        finding.threshold,
        finding.explanation,
        finding.trade_id is None,
        None,
    )

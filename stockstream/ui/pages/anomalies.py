"""The page of the detector's findings, and their quality where labels exist."""

from collections.abc import Callable
from itertools import starmap

import streamlit as st

from stockstream.ui.charts.marks import SHAPES
from stockstream.ui.controls import Controls, choices
from stockstream.ui.data.search import MOST_FOUND, Found, Quality, Search
from stockstream.ui.html import elements
from stockstream.ui.html.elements import Total, totals
from stockstream.ui.html.formatting import NOTHING
from stockstream.ui.pages import examine
from stockstream.ui.pages.base import Page
from stockstream.ui.parameters import LEAST_SCORE, MOST_SCORE
from stockstream.ui.server import downloads

NO_LABELS = "No trade here has a label, so precision and recall say nothing."
NEWEST_ALONE = f"The newest {MOST_FOUND}; choose a kind, a symbol or a shorter window to see others."


class Anomalies(Page[Found]):
    """The page of findings."""

    title, path, icon = "Anomalies", "anomalies", ":material/notification_important:"

    def __init__(self, examine_now: examine.Examine) -> None:
        self._examine = examine_now

    def ask(self, controls: Controls, known: set[str], seen: Found | None) -> Callable[[], Search]:
        """Show the choice of kinds, methods and score."""
        del known
        kinds = choices([*SHAPES, *(seen.kinds if seen else ())], "kind")
        methods = choices(seen.methods if seen else (), "method")
        left, middle, right = st.columns(3)
        kind = left.multiselect("Kinds", kinds, key="kind", bind="query-params", placeholder="All kinds")
        method = middle.multiselect(
            "Methods", methods, key="method", bind="query-params", placeholder="All methods"
        )
        bounds = LEAST_SCORE, MOST_SCORE, LEAST_SCORE, 0.5
        strength = right.slider(
            "Score, in thresholds", *bounds, format="%.1f", key="score", bind="query-params"
        )
        search = Search(controls.question(None), tuple(sorted(kind)), tuple(sorted(method)), float(strength))
        return lambda: search

    def draw(self, answer: Found) -> None:
        """Draw the numbers, then the findings."""
        if answer.quality is not None:
            st.html(_numbers(answer, answer.quality))
        with st.container(key="card_kinds"):
            st.html(elements.titled("By kind", elements.counts(answer.kinds)))
        with st.container(key="card_findings"):
            alone = f'<p class="caption">{NEWEST_ALONE}</p>' if len(answer.marks) == MOST_FOUND else ""
            findings = elements.findings(answer.marks, answer.read_at)
            st.html(elements.titled("Findings, newest first", alone + findings))
        downloads.keep("findings", answer.marks)

    def offers(self, answer: Found) -> set[str]:
        """Return the kinds and methods that were found."""
        return {*answer.kinds, *answer.methods}

    def aside(self, controls: Controls, shown: Callable[[], Found | None]) -> None:
        """Offer the findings for download, and the detector on demand."""
        downloads.offer("findings")
        examine.draw(shown, self._examine, controls.zone)


def _numbers(found: Found, quality: Quality) -> str:
    looked = f"of {quality.trades:,} newest trades"
    columns = (
        ("Anomalies", f"{sum(found.kinds.values()):,}", f"{len(found.marks):,} shown"),
        ("Precision", _share(quality.precision), f"{quality.true:,} of {quality.findings:,} borne out"),
        ("Recall", _share(quality.recall), f"{quality.caught:,} of {quality.labelled:,} labelled"),
        ("Labelled", f"{quality.labelled:,}", looked),
    )
    nothing = "" if quality.labelled else f'<p class="caption">{NO_LABELS}</p>'
    return totals(starmap(Total, columns)) + nothing


def _share(share: float | None) -> str:
    return NOTHING if share is None else f"{share:.0%}"

"""The page of what the detector found, and how good it is where labels exist."""

from collections.abc import Iterable
from itertools import starmap

import streamlit as st

from stockstream.ui import downloads, pieces
from stockstream.ui.controls import Controls
from stockstream.ui.marks import SHAPES
from stockstream.ui.numerals import NOTHING
from stockstream.ui.pieces import Total, totals
from stockstream.ui.search import MOST_FOUND, Found, Quality, Search

MOST_NAME = 40
NO_LABELS = "No trade here has a label, so precision and recall say nothing."
NEWEST_ALONE = f"The newest {MOST_FOUND}; choose a kind, a symbol or a shorter window to see others."


def ask(controls: Controls, seen: Found | None) -> Search:
    """Show the page's own controls and return the question; `seen` is the last answer."""
    kinds = _names("kind", [*SHAPES, *(seen.kinds if seen else ())])
    methods = _names("method", seen.methods if seen else ())
    left, middle, right = st.columns(3)
    kind = left.multiselect("Kinds", kinds, key="kind", bind="query-params", placeholder="All kinds")
    method = middle.multiselect(
        "Methods", methods, key="method", bind="query-params", placeholder="All methods"
    )
    strength = right.slider(
        "Score, in thresholds", 1.0, 10.0, 1.0, 0.5, format="%.1f", key="score", bind="query-params"
    )
    return Search(controls.question(None), tuple(sorted(kind)), tuple(sorted(method)), float(strength))


def draw(found: Found) -> None:
    """Draw the numbers, then the findings."""
    if found.quality is not None:
        st.html(_numbers(found, found.quality))
    with st.container(key="card_kinds"):
        st.html(pieces.titled("By kind", pieces.counts(found.kinds)))
    with st.container(key="card_findings"):
        alone = f'<p class="caption">{NEWEST_ALONE}</p>' if len(found.marks) == MOST_FOUND else ""
        findings = pieces.findings(found.marks, found.read_at)
        st.html(pieces.titled("Findings, newest first", alone + findings))
    downloads.keep("findings", found.marks)


def _numbers(found: Found, quality: Quality) -> str:
    looked = f"of {quality.trades:,} newest trades"
    told = (
        ("Anomalies", f"{sum(found.kinds.values()):,}", f"{len(found.marks):,} shown"),
        ("Precision", _share(quality.precision), f"{quality.true:,} of {quality.findings:,} borne out"),
        ("Recall", _share(quality.recall), f"{quality.caught:,} of {quality.labelled:,} labelled"),
        ("Labelled", f"{quality.labelled:,}", looked),
    )
    nothing = "" if quality.labelled else f'<p class="caption">{NO_LABELS}</p>'
    return totals(starmap(Total, told)) + nothing


def _share(share: float | None) -> str:
    return NOTHING if share is None else f"{share:.0%}"


def _names(key: str, known: Iterable[str]) -> list[str]:
    asked = (name for name in st.query_params.get_all(key) if 0 < len(name) <= MOST_NAME)
    return sorted({*known, *asked})

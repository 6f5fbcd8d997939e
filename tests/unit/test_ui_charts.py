"""The charts: what Plotly takes, shapes beside colours, and a zoom that stays."""

import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.resources import files

import pytest
from plotly import graph_objects  # type: ignore[import-untyped]  # plotly ships no types

from stockstream.market.anomalies.features.table import NAMES
from stockstream.market.anomalies.kinds import KINDS
from stockstream.market.anomalies.rules import RULES, learnt
from stockstream.market.anomalies.rules.rule import OneKindRule
from stockstream.ui.charts import gaps, plot, prices, shares, style
from stockstream.ui.charts.marks import INKS, OTHER_SHAPES, SHAPES
from stockstream.ui.charts.plot import Figure
from stockstream.ui.data.market_snapshot import MarketSnapshot, Question
from stockstream.ui.data.records import Candle, FeedGap, Mark
from stockstream.ui.data.window import Span
from stockstream.ui.server.scripts import SCRIPT
from tests.unit.test_ui_elements import standing

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SPAN = Span(NOON - timedelta(minutes=15), NOON)


def mark(kind: str, price: str | None = "110") -> Mark:
    return Mark(
        NOON,
        NOON,
        "AAPL",
        kind,
        ["zscore"],
        5.0,
        4.0,
        "far off",
        is_span=False,
        price=None if price is None else Decimal(price),
    )


def snapshot(marks: list[Mark], question: Question | None = None) -> MarketSnapshot:
    line = [(NOON - timedelta(seconds=at), Decimal(100 + at)) for at in range(5, 0, -1)]
    one = Decimal(1)
    return MarketSnapshot(
        question or Question("15m"),
        NOON,
        NOON,
        SPAN.start,
        NOON,
        SPAN,
        ("AAPL", "MSFT"),
        [standing("AAPL", "110"), standing("MSFT", "90")],
        {"AAPL": line, "MSFT": []},
        "AAPL",
        [Candle(NOON - timedelta(minutes=1), one, one, one, one, one, one, one, one)],
        [],
        marks,
    )


def plain(figure: Figure) -> Figure:
    """Return the figure with each of the page's colours as one that Plotly's own checker knows."""
    if isinstance(figure, dict):
        return {key: plain(value) for key, value in figure.items()}
    if isinstance(figure, list):
        return [plain(value) for value in figure]
    return "#123456" if isinstance(figure, str) and figure.startswith("var(--") else figure


@pytest.mark.parametrize("marks", [[], [mark("price_spike", "900"), mark("a kind to come"), mark("x", None)]])
def test_plotly_takes_every_figure(marks: list[Mark]) -> None:
    shown = snapshot(marks)
    figures = [
        prices.compare(shown, as_change=True),
        prices.compare(shown, as_change=False),
        prices.focus(shown, "AAPL", SPAN),
        prices.imbalance(shown, "AAPL"),
        shares.value_bars(shown, "$"),
        shares.volume_shares(shown),
    ]
    drawn = set(re.findall(r'moduleType:"trace",name:"(\w+)"', SCRIPT.read_text("utf-8")))
    for figure in figures:
        graph_objects.Figure(plain(figure))
        assert {trace["type"] for trace in figure["data"]} <= drawn


def test_plotlys_script_is_the_released_one() -> None:
    told = re.findall(r"SHA-256: `(\w+)`", SCRIPT.with_name("README.md").read_text("utf-8"))
    assert told == [hashlib.sha256(SCRIPT.read_bytes()).hexdigest()]


def test_each_kind_of_finding_has_a_shape_of_its_own_and_one_without_a_price_none() -> None:
    figure = prices.compare(
        snapshot([mark("price_spike"), mark("volume_spike"), mark("x", None)]), as_change=True
    )
    marks = {trace["name"]: trace for trace in figure["data"] if trace["mode"] == "markers"}
    assert marks["price spike"]["marker"]["symbol"] != marks["volume spike"]["marker"]["symbol"]
    assert "x" not in marks


def test_each_kind_that_the_detector_tells_of_is_known_to_the_charts() -> None:
    found = {rule.kind for rule in RULES if isinstance(rule, OneKindRule)} | {*learnt.KINDS.values()}
    assert found == set(KINDS)
    assert set(learnt.KINDS) == set(NAMES)
    assert len(set(SHAPES.values()) | set(OTHER_SHAPES)) == len(SHAPES) + len(OTHER_SHAPES)


def test_each_kind_has_an_ink_of_its_own_in_the_pages_colours() -> None:
    css = (files("stockstream.ui") / "page.css").read_text("utf-8")
    inks = [re.search(rf"{re.escape(ink[4:-1])}: (.+);", css) for ink in INKS.values()]
    assert len({ink and ink[1] for ink in inks} - {None}) == len(SHAPES)


def test_change_is_counted_from_the_windows_first_price() -> None:
    figure = prices.compare(snapshot([mark("price_spike", "125")]), as_change=True)
    aapl = next(trace for trace in figure["data"] if trace["name"] == "AAPL")
    found = next(trace for trace in figure["data"] if trace["name"] == "price spike")
    assert aapl["y"] == pytest.approx([5, 4, 3, 2, 1])
    assert found["y"] == pytest.approx([25])


def test_zoom_is_kept_while_the_question_stays_and_dropped_when_it_changes() -> None:
    def revision(question: Question) -> str:
        return str(prices.compare(snapshot([], question), as_change=True)["layout"]["uirevision"])

    assert revision(Question("15m")) == revision(Question("15m", tape=50))
    assert revision(Question("15m")) != revision(Question("5m"))
    assert revision(Question("15m")) != revision(Question("15m", ("AAPL",)))


def test_no_axis_of_time_has_a_range_that_would_undo_a_zoom() -> None:
    for figure in (prices.compare(snapshot([]), as_change=True), prices.focus(snapshot([]), "AAPL", SPAN)):
        assert "range" not in figure["layout"]["xaxis"]


def test_small_shares_of_the_volume_are_put_together() -> None:
    rows = [standing(f"S{place:02}", "1") for place in range(20)]
    shown = MarketSnapshot(
        Question("15m"), NOON, NOON, NOON, NOON, SPAN, tuple(row.symbol for row in rows), rows, focus="S00"
    )
    (ring,) = shares.volume_shares(shown)["data"]
    assert ring["labels"][-1] == "other"
    assert sum(ring["values"]) == 200


def test_a_slice_too_thin_for_its_name_is_among_the_others() -> None:
    rows = [
        replace(standing("AAPL", "1"), volume=Decimal(1)),
        replace(standing("V", "1"), volume=Decimal(999)),
    ]
    shown = MarketSnapshot(
        Question("15m"), NOON, NOON, NOON, NOON, SPAN, ("AAPL", "V"), standings=rows, focus="AAPL"
    )
    (ring,) = shares.volume_shares(shown)["data"]
    assert (ring["labels"], ring["values"]) == (["V", "other"], [999, 1])


def test_a_symbol_keeps_its_colour_whatever_its_rank() -> None:
    assert style.colours(["A", "B"])["B"] == style.colours(["A", "B", "C"])["B"]


def test_a_gap_shades_the_candles_that_it_touches_and_says_why() -> None:
    at = NOON - timedelta(minutes=8)
    early = FeedGap("kraken", NOON - timedelta(days=2), at, None, "first")
    made = FeedGap("kraken", at + timedelta(seconds=70), at + timedelta(seconds=100), 3, "second")
    still = FeedGap("kraken", NOON - timedelta(seconds=90), None, None, "third")
    shown = replace(snapshot([]), gaps=[still, made, early])
    figure = prices.focus(shown, "AAPL", SPAN)
    graph_objects.Figure(plain(figure))
    spans = [(shape["x0"][11:16], shape["x1"][11:16]) for shape in figure["layout"]["shapes"]]
    assert spans == [("11:58", "12:01"), ("11:53", "11:54"), ("11:30", "11:52")]
    (trace,) = (each for each in figure["data"] if each["name"] == "trades missing")
    assert trace["text"][:2] == [
        "kraken, from 11:58:30 on: trades missing (third)",
        "kraken, 11:53:10 to 11:53:40: 3 trades missing (second)",
    ]
    assert gaps.words("AAPL", shown).startswith("Trades of AAPL are missing where it is shaded: kraken, from")
    assert not gaps.words("AAPL", snapshot([]))


def test_a_single_candle_has_its_own_width_and_room_beside_it() -> None:
    figure = prices.focus(snapshot([]), "AAPL", SPAN)
    drawn = json.loads(plot.drawing(figure, "", "").text.splitlines()[1])
    for trace, name in zip(drawn["data"], ("open", "y", "y"), strict=True):
        assert trace["x"] == ["2026-11-23 11:58:00.000", "2026-11-23 11:59:00.000"]
        assert trace[name] == [None, 1.0]
    axis = figure["layout"]["xaxis"]
    begin, end = (datetime.fromisoformat(at) for at in axis["autorangeoptions"]["include"])
    (candle,) = snapshot([]).candles
    assert (begin, end) == (
        candle.start.replace(tzinfo=None) - 9 * timedelta(minutes=1),
        candle.start.replace(tzinfo=None) + timedelta(minutes=1),
    )

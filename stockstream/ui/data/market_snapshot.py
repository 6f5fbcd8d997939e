"""The market snapshot: everything that a page shows, read in one transaction and so of one moment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from stockstream.connectors.postgres.read_pool import Rows
from stockstream.ui.data.lines import Course, Lines
from stockstream.ui.data.records import Bucket, Candle, FeedGap, Line, Mark, ShownTrade, Standing
from stockstream.ui.data.sql import query
from stockstream.ui.data.window import (
    RANGE,
    Span,
    before,
    bucket_width,
    candle_span,
    candle_width,
    line_step,
    range_candle_span,
    range_of,
    span_of,
)

Made = TypeVar("Made")

MOST_SYMBOLS = 1_000
MOST_LINES = 100
MOST_FINDINGS = 200
MOST_GAPS = 100
COUNT_AT_MOST = 10_000
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
FOREVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Question:
    """What a viewer wants to see; viewers who ask the same question share one snapshot.

    Attributes:
        symbols: the chosen symbols; none means all.
        focus: the symbol of the candle chart; None means the one with the most value.
        tape: how many of the newest trades are shown.
        since: the start of the window `range`; None means the start of the tape.
        until: the end of the window `range`; None means the newest trade.
        width: the width of the candles of `focus`; None means a width that suits the window.
    """

    window: str
    symbols: tuple[str, ...] = ()
    focus: str | None = None
    tape: int = 30
    only_anomalies: bool = False
    since: datetime | None = None
    until: datetime | None = None
    width: timedelta | None = None

    def span(self, first: datetime, newest: datetime) -> Span:
        """Return the time span that is asked for, on a tape from `first` to `newest`."""
        if self.window == RANGE:
            return range_of(self.since or first, self.until or newest, newest)
        return span_of(self.window, first, newest)

    def answer(self, rows: Rows, lines: Lines | None = None) -> "MarketSnapshot":
        """Read the snapshot that answers this question; `lines` has points that are already known."""
        return take(rows, self, Lines() if lines is None else lines)

    def candle_span(self, span: Span) -> Span:
        """Return the span that candles cover for the window's span; in a chosen range, nothing before it."""
        cover = range_candle_span if self.window == RANGE else candle_span
        return cover(span, self.width)

    def is_past(self) -> bool:
        """Return whether the window has a fixed end, and so does not follow the market."""
        return self.window == RANGE and self.until is not None


@dataclass(frozen=True)
class Reach:
    """How far the tape and the candles reach, at `read_at` by the database's clock.

    Attributes:
        newest: the time of the newest trade; None while the tape is empty.
        first: the time of the first trade.
        candles_end: the end of the newest candle.
        absent: jobs that have read the topic but have no connection to the database now.
    """

    read_at: datetime
    newest: datetime | None
    first: datetime | None
    candles_end: datetime | None
    absent: tuple[str, ...]


@dataclass(frozen=True)
class MarketSnapshot:
    """The market at `read_at`, by the database's clock; `newest` is None while the tape is empty.

    `elsewhere` has the newest trades of the requested symbol if it has none in the window. What was made of
    the snapshot for display is kept with it, for all viewers.
    """

    question: Question
    read_at: datetime
    newest: datetime | None = None
    first: datetime | None = None
    candles_end: datetime | None = None
    span: Span | None = None
    symbols: tuple[str, ...] = ()
    standings: list[Standing] = field(default_factory=list)
    lines: dict[str, Line] = field(default_factory=dict)
    focus: str | None = None
    candles: list[Candle] = field(default_factory=list)
    tape: list[ShownTrade] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    buckets: list[Bucket] = field(default_factory=list)
    former: Bucket | None = None
    elsewhere: list[ShownTrade] = field(default_factory=list)
    absent: tuple[str, ...] = ()
    gaps: list[FeedGap] = field(default_factory=list)
    _made: dict[str, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    @property
    def seconds(self) -> float:
        """Return the length of the part of the window that can have trades, at least one second."""
        if self.span is None or self.first is None:
            return 1.0
        return max((self.span.end - max(self.span.start, self.first)).total_seconds(), 1.0)

    def once(self, name: str, make: Callable[[], Made]) -> Made:
        """Return what `make` makes of this snapshot; it is called only once for each name."""
        if name not in self._made:
            self._made[name] = make()
        found: Made = self._made[name]
        return found

    @property
    def shown(self) -> list[Standing]:
        """Return the symbols to show one by one: all, or those with findings if only these are asked for."""
        return _shown(self.standings, self.question)


def take(rows: Rows, question: Question, lines: Lines) -> MarketSnapshot:
    """Read the snapshot that answers a question; all rows are of one moment."""
    known = symbols(rows)
    there = reach(rows, known)
    if there.newest is None or there.first is None:
        return MarketSnapshot(question, there.read_at, absent=there.absent)
    span = question.span(there.first, there.newest)
    asked = [symbol for symbol in known if symbol in question.symbols] or list(known)
    facts = {
        "symbols": asked,
        "start": span.start,
        "end": span.end,
        "until": span.end if question.is_past() else FOREVER,
    }
    standings = _standings(rows, facts)
    shown = [row.symbol for row in _shown(standings, question)]
    focus = question.focus if question.focus in known else [*shown, *asked][0]
    covered = _covered(question.candle_span(span), focus, question.width)
    tape = _tape(rows, question, facts)
    return MarketSnapshot(
        question,
        there.read_at,
        there.newest,
        there.first,
        there.candles_end,
        span,
        known,
        standings,
        lines.read(rows, _course(span, shown[:MOST_LINES], there)),
        focus,
        [Candle(*row) for row in rows(query("candles"), covered)],
        tape,
        [Mark(*row) for row in rows(query("findings"), facts | {"at_most": MOST_FINDINGS})],
        [Bucket(*row) for row in rows(query("beats"), facts | {"width": bucket_width(span)})],
        _former(rows, facts, before(span), there.first),
        _elsewhere(rows, question, facts, tape),
        there.absent,
        [FeedGap(*row) for row in rows(query("gaps"), covered | {"at_most": MOST_GAPS})],
    )


def symbols(rows: Rows) -> tuple[str, ...]:
    """Return the symbols on the tape, in order."""
    return tuple(symbol for (symbol,) in rows(query("symbols"), {"at_most": MOST_SYMBOLS}))


def reach(rows: Rows, known: tuple[str, ...]) -> Reach:
    """Return how far the tape of these symbols reaches, and which jobs are absent."""
    ((read_at, newest, first, candles_end, absent),) = rows(query("reach"), {"symbols": list(known)})
    return Reach(read_at, newest, first, candles_end, tuple(absent))


def _shown(standings: list[Standing], question: Question) -> list[Standing]:
    return [row for row in standings if row.findings or not question.only_anomalies]


def _standings(rows: Rows, facts: Mapping[str, Any]) -> list[Standing]:
    found = rows(query("standings"), {**facts, "count_at_most": COUNT_AT_MOST})
    return sorted((Standing(*row) for row in found), key=lambda standing: standing.value, reverse=True)


def _course(span: Span, chosen: list[str], there: Reach) -> Course:
    return Course(chosen, span, line_step(span, len(chosen)), there.read_at, there.candles_end)


def _covered(covered: Span, symbol: str, asked_width: timedelta | None) -> dict[str, Any]:
    width = asked_width or candle_width(covered)
    return {"symbol": symbol, "start": covered.start, "end": covered.end, "width": width}


def _former(rows: Rows, facts: Mapping[str, Any], start: datetime, first: datetime) -> Bucket | None:
    """Return the market in the interval before the window, or None if the tape starts later."""
    if start < first.replace(second=0, microsecond=0):
        return None
    ((bucket),) = rows(query("former"), {**facts, "before": start})
    return Bucket(*bucket)


def _tape(rows: Rows, question: Question, facts: Mapping[str, Any]) -> list[ShownTrade]:
    name = "tape_of_findings" if question.only_anomalies else "tape"
    return [ShownTrade(*row) for row in rows(query(name), {**facts, "at_most": question.tape})]


def _elsewhere(
    rows: Rows, question: Question, facts: Mapping[str, Any], tape: list[ShownTrade]
) -> list[ShownTrade]:
    """Return the newest trades of the requested symbol if it has none in the window."""
    symbol = question.focus
    if symbol not in question.symbols or question.only_anomalies or any(row.symbol == symbol for row in tape):
        return []
    alone = {**facts, "symbols": [symbol], "at_most": question.tape}
    if rows(query("tape"), alone):  # the symbols compared with it fill the tape
        return []
    return [ShownTrade(*row) for row in rows(query("tape"), {**alone, "start": NEVER, "end": FOREVER})]

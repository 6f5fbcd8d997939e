"""A picture of the market: everything the page shows, read in one transaction and so of one moment."""

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
    """What a viewer wants to see; viewers who ask the same share one picture.

    Attributes:
        symbols: those chosen; none means all.
        focus: the symbol of the candle chart; None means the one with the most value.
        tape: how many of the newest trades.
        since: where the window `range` begins; None means with the tape.
        until: where it ends; None means with the newest trade.
        width: of the focus's candles; None means as wide as the window asks for.
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
        """Read the picture that answers this; `lines` has points that are known already."""
        return take(rows, self, Lines() if lines is None else lines)

    def candle_span(self, span: Span) -> Span:
        """Return the span that candles cover in the window's span: in a chosen range, nothing before it."""
        cover = range_candle_span if self.window == RANGE else candle_span
        return cover(span, self.width)

    def is_past(self) -> bool:
        """Whether the window has an end of its own, and so does not follow the market."""
        return self.window == RANGE and self.until is not None


@dataclass(frozen=True)
class Reach:
    """What there is to be asked about, at `read_at` by the database's clock.

    Attributes:
        newest: the newest trade's time, None while the tape is empty.
        first: the first one's.
        candles_end: where the newest candle ends.
        absent: jobs that have read the topic and hold no connection to the database now.
    """

    read_at: datetime
    newest: datetime | None
    first: datetime | None
    candles_end: datetime | None
    absent: tuple[str, ...]


@dataclass(frozen=True)
class MarketSnapshot:
    """The market at `read_at`, by the database's clock; `newest` is None while the tape is empty.

    `elsewhere` has the newest trades of the symbol asked for where none is in the window. What was made of
    it to be seen is kept with it, for all who look at it.
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
        """Return how long the window is in which there can be trades, at least a second."""
        if self.span is None or self.first is None:
            return 1.0
        return max((self.span.end - max(self.span.start, self.first)).total_seconds(), 1.0)

    def once(self, name: str, make: Callable[[], Made]) -> Made:
        """Return what `make` made of this picture when something of this name was first asked for."""
        if name not in self._made:
            self._made[name] = make()
        found: Made = self._made[name]
        return found

    @property
    def shown(self) -> list[Standing]:
        """Return the symbols to look at one by one: all, or those with findings if only they are asked."""
        return _shown(self.standings, self.question)


def take(rows: Rows, question: Question, lines: Lines) -> MarketSnapshot:
    """Read the picture that answers a question; the rows are of one moment."""
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
    """Return how far the tape of these symbols reaches, and who is absent."""
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
    """Return the market in the interval before the window, None where the tape does not reach back so far."""
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
    """Return the newest trades of a symbol that is asked for and has none in the window."""
    symbol = question.focus
    if symbol not in question.symbols or question.only_anomalies or any(row.symbol == symbol for row in tape):
        return []
    alone = {**facts, "symbols": [symbol], "at_most": question.tape}
    if rows(query("tape"), alone):  # those compared with it have all places of the tape
        return []
    return [ShownTrade(*row) for row in rows(query("tape"), {**alone, "start": NEVER, "end": FOREVER})]

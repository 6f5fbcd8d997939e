"""The market snapshot: everything that a page shows, read in one transaction and so of one moment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from stockstream.connectors.postgres.read_pool import Rows
from stockstream.market.sessions.calendars import Calendars
from stockstream.market.sessions.schedule import UTC_DAYS, Days, Schedule
from stockstream.ui.data.candles import candles_of, covered_by
from stockstream.ui.data.hours import ALWAYS, EVERY, REGULAR, TradingHours, trading_hours
from stockstream.ui.data.lines import Course, Lines
from stockstream.ui.data.reach import Reach, reach, symbols
from stockstream.ui.data.records import Bucket, Candle, FeedGap, Line, Mark, ShownTrade, Standing
from stockstream.ui.data.sql import query
from stockstream.ui.data.window import (
    DAY,
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
        hours: whether all trades are shown, or those of regular hours alone.
        is_local: whether times are shown in the zone of the exchange of `focus`.
    """

    window: str
    symbols: tuple[str, ...] = ()
    focus: str | None = None
    tape: int = 30
    only_anomalies: bool = False
    since: datetime | None = None
    until: datetime | None = None
    width: timedelta | None = None
    hours: str = EVERY
    is_local: bool = False

    @property
    def has_sessions(self) -> bool:
        """Return whether the sessions of symbols matter for the answer."""
        return self.hours == REGULAR or self.is_local or (self.width is not None and self.width >= DAY)

    def span(self, first: datetime, newest: datetime) -> Span:
        """Return the time span that is asked for, on a tape from `first` to `newest`."""
        if self.window == RANGE:
            return range_of(self.since or first, self.until or newest, newest)
        return span_of(self.window, first, newest)

    def answer(
        self, rows: Rows, lines: Lines | None = None, rules: Calendars | None = None
    ) -> "MarketSnapshot":
        """Read the snapshot that answers this question.

        Args:
            rows: asks the database.
            lines: points that are already known.
            rules: which calendar a symbol has.
        """
        return take(rows, self, Lines() if lines is None else lines, rules or Calendars())

    def candle_span(self, span: Span, hiding: Schedule | None = None) -> Span:
        """Return the span that candles cover for the window's span; in a chosen range, nothing before it.

        Args:
            span: the window's span.
            hiding: the schedule outside of which trades are hidden.
        """
        cover = range_candle_span if self.window == RANGE else candle_span
        return cover(span, self.width, hiding)

    def candle_width(self, span: Span) -> timedelta:
        """Return the width of the candles that cover the window's span."""
        return self.width or candle_width(self.candle_span(span))

    def is_past(self) -> bool:
        """Return whether the window has a fixed end, and so does not follow the market."""
        return self.window == RANGE and self.until is not None


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
    hours: TradingHours = field(default_factory=TradingHours)
    _made: dict[str, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    @property
    def days(self) -> Days:
        """Return how the exchange of the candles' symbol divides time into days."""
        schedule = self.hours.of(self.focus)
        return schedule.days if schedule else UTC_DAYS

    def candle_span(self, span: Span) -> Span:
        """Return the span that candles cover for the window's span."""
        return self.question.candle_span(span, self.hours.hiding(self.focus))

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


def take(rows: Rows, question: Question, lines: Lines, rules: Calendars) -> MarketSnapshot:
    """Read the snapshot that answers a question; all rows are of one moment."""
    known = symbols(rows)
    there = reach(rows, known)
    if there.newest is None or there.first is None:
        return MarketSnapshot(question, there.read_at, absent=there.absent)
    asked = [symbol for symbol in known if symbol in question.symbols] or list(known)
    hours = _hours(rows, question, rules, [*asked, *_others(question, known, asked)], there.newest)
    span = question.span(there.first, hours.latest(asked, there.newest))
    facts = hours.facts(asked, span) | {
        "symbols": asked,
        "start": span.start,
        "end": span.end,
        "until": span.end if question.is_past() else FOREVER,
    }
    standings = _standings(rows, facts)
    shown = [row.symbol for row in _shown(standings, question)]
    focus = question.focus if question.focus in known else [*shown, *asked][0]
    width = question.candle_width(span)
    covered = covered_by(question.candle_span(span, hours.hiding(focus)), focus, width, hours)
    tape = _tape(rows, question, facts, hours)
    return MarketSnapshot(
        question,
        there.read_at,
        there.newest,
        there.first,
        there.candles_end,
        span,
        known,
        standings,
        lines.read(rows, _course(span, shown[:MOST_LINES], there, hours)),
        focus,
        candles_of(rows, covered, hours.hiding(focus)),
        tape,
        _marks(rows, facts, hours),
        [Bucket(*row) for row in rows(query("beats"), facts | {"width": bucket_width(span)})],
        None if hours.is_regular else _former(rows, facts, before(span), there.first),
        _elsewhere(rows, question, facts, tape),
        there.absent,
        [FeedGap(*row) for row in rows(query("gaps"), covered | {"at_most": MOST_GAPS})],
        hours,
    )


def _shown(standings: list[Standing], question: Question) -> list[Standing]:
    return [row for row in standings if row.findings or not question.only_anomalies]


def _standings(rows: Rows, facts: Mapping[str, Any]) -> list[Standing]:
    found = rows(query("standings"), {**facts, "count_at_most": COUNT_AT_MOST})
    return sorted((Standing(*row) for row in found), key=lambda standing: standing.value, reverse=True)


def _others(question: Question, known: tuple[str, ...], asked: list[str]) -> list[str]:
    """Return the symbol of the candles if it is not among those that are asked for."""
    return [symbol for symbol in known if symbol == question.focus and symbol not in asked]


def _hours(
    rows: Rows, question: Question, rules: Calendars, symbols: list[str], newest: datetime
) -> TradingHours:
    if not question.has_sessions:
        return TradingHours()
    until = min(question.until, newest) if question.until else newest
    return trading_hours(rows, rules, symbols, until, is_regular=question.hours == REGULAR)


def _course(span: Span, chosen: list[str], there: Reach, hours: TradingHours) -> Course:
    step = line_step(span, len(chosen))
    return Course(chosen, span, step, there.read_at, there.candles_end, hours)


def _marks(rows: Rows, facts: Mapping[str, Any], hours: TradingHours) -> list[Mark]:
    marks = [Mark(*row) for row in rows(query("findings"), {**facts, "at_most": MOST_FINDINGS})]
    return [mark for mark in marks if hours.shows(mark.symbol, mark.end)]


def _former(rows: Rows, facts: Mapping[str, Any], start: datetime, first: datetime) -> Bucket | None:
    """Return the market in the interval before the window, or None if the tape starts later."""
    if start < first.replace(second=0, microsecond=0):
        return None
    ((bucket),) = rows(query("former"), {**facts, "before": start})
    return Bucket(*bucket)


def _tape(rows: Rows, question: Question, facts: Mapping[str, Any], hours: TradingHours) -> list[ShownTrade]:
    name = "tape_of_findings" if question.only_anomalies else "tape"
    trades = [ShownTrade(*row) for row in rows(query(name), {**facts, "at_most": question.tape})]
    return [trade for trade in trades if hours.shows(trade.symbol, trade.timestamp)]


def _elsewhere(
    rows: Rows, question: Question, facts: Mapping[str, Any], tape: list[ShownTrade]
) -> list[ShownTrade]:
    """Return the newest trades of the requested symbol if it has none in the window."""
    symbol = question.focus
    if symbol not in question.symbols or question.only_anomalies or any(row.symbol == symbol for row in tape):
        return []
    alone = {**facts, "symbols": [symbol], "at_most": question.tape, "hours": [ALWAYS], "hours_of": [1]}
    if rows(query("tape"), alone):  # the symbols compared with it fill the tape
        return []
    return [ShownTrade(*row) for row in rows(query("tape"), {**alone, "start": NEVER, "end": FOREVER})]

"""A picture of the market: everything the page shows, read in one transaction and so of one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from stockstream.connectors.readers import Rows
from stockstream.ui.sql import query
from stockstream.ui.window import Span, candle_span, candle_width, line_step, span_of

MOST_SYMBOLS = 1_000
MOST_LINES = 100
MOST_FINDINGS = 200
COUNT_AT_MOST = 10_000


@dataclass(frozen=True)
class Question:
    """What a viewer wants to see; viewers who ask the same share one picture.

    Attributes:
        symbols: those chosen; none means all.
        focus: the symbol of the candle chart; None means the one with the most value.
        tape: how many of the newest trades.
    """

    window: str
    symbols: tuple[str, ...] = ()
    focus: str | None = None
    tape: int = 30
    only_anomalies: bool = False


@dataclass(frozen=True)
class Standing:
    """How one symbol did in the window; what has no trade there is None or zero."""

    symbol: str
    last: Decimal | None
    open: Decimal | None
    high: Decimal | None
    low: Decimal | None
    volume: Decimal
    buy_volume: Decimal
    value: Decimal
    vwap: Decimal | None
    trades: int
    late: int
    findings: int

    @property
    def change(self) -> Decimal | None:
        """Return the change from the window's first price to the last, in percent."""
        if self.last is None or self.open is None:
            return None
        return (self.last / self.open - 1) * 100


@dataclass(frozen=True)
class Candle:
    """Open, high, low and close of one stretch."""

    start: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    vwap: Decimal


@dataclass(frozen=True)
class Print:
    """One trade as the tape shows it; `label` is an injected anomaly's kind, `found` the detector's."""

    timestamp: datetime
    symbol: str
    trade_type: str
    price: Decimal
    volume: Decimal
    value: Decimal
    label: str | None
    found: str | None


@dataclass(frozen=True)
class Mark:
    """One finding, with the price at which a chart marks it."""

    start: datetime
    end: datetime
    symbol: str
    kind: str
    methods: list[str]
    score: float
    threshold: float
    explanation: str
    is_span: bool
    price: Decimal | None


Line = list[tuple[datetime, Decimal]]


@dataclass(frozen=True)
class Picture:
    """The market at `read_at`, by the database's clock; `newest` is None while the tape is empty."""

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
    tape: list[Print] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Return how long the window is in which there can be trades, at least a second."""
        if self.span is None or self.first is None:
            return 1.0
        return max((self.span.end - max(self.span.start, self.first)).total_seconds(), 1.0)

    @property
    def shown(self) -> list[Standing]:
        """Return the symbols to look at one by one: all, or those with findings if only they are asked."""
        return _shown(self.standings, self.question)


def take(rows: Rows, question: Question) -> Picture:
    """Read the picture that answers a question; the rows are of one moment."""
    ((read_at, newest, first, candles_end),) = rows(query("reach"), None)
    if newest is None:
        return Picture(question, read_at)
    span = span_of(question.window, first, newest)
    known = symbols(rows)
    asked = [symbol for symbol in known if symbol in question.symbols] or list(known)
    facts = {"symbols": asked, "start": span.start, "end": span.end}
    standings = _standings(rows, facts)
    shown = [row.symbol for row in _shown(standings, question)]
    focus = question.focus if question.focus in shown else [*shown, *asked][0]
    return Picture(
        question,
        read_at,
        newest,
        first,
        candles_end,
        span,
        known,
        standings,
        _lines(rows, span, shown[:MOST_LINES]),
        focus,
        _candles(rows, span, focus),
        _tape(rows, question, facts, whole=len(asked) == len(known)),
        [Mark(*row) for row in rows(query("findings"), facts | {"at_most": MOST_FINDINGS})],
    )


def symbols(rows: Rows) -> tuple[str, ...]:
    """Return the symbols on the tape, in order."""
    return tuple(symbol for (symbol,) in rows(query("symbols"), {"at_most": MOST_SYMBOLS}))


def _shown(standings: list[Standing], question: Question) -> list[Standing]:
    return [row for row in standings if row.findings or not question.only_anomalies]


def _standings(rows: Rows, facts: Mapping[str, Any]) -> list[Standing]:
    found = rows(query("standings"), {**facts, "count_at_most": COUNT_AT_MOST})
    return sorted((Standing(*row) for row in found), key=lambda standing: standing.value, reverse=True)


def _lines(rows: Rows, span: Span, chosen: list[str]) -> dict[str, Line]:
    step = line_step(span, len(chosen))
    facts = {"symbols": chosen, "start": span.start, "end": span.end, "step": step}
    lines: dict[str, Line] = {symbol: [] for symbol in chosen}
    for symbol, moment, price in rows(query("lines"), facts):
        lines[symbol].append((moment, price))
    return lines


def _candles(rows: Rows, span: Span, symbol: str) -> list[Candle]:
    covered = candle_span(span)
    facts = {"symbol": symbol, "start": covered.start, "end": covered.end, "width": candle_width(covered)}
    return [Candle(*row) for row in rows(query("candles"), facts)]


def _tape(rows: Rows, question: Question, facts: Mapping[str, Any], *, whole: bool) -> list[Print]:
    name = "tape" if whole else "tape_of_symbols"
    if question.only_anomalies:
        name = "tape_of_findings"
    return [Print(*row) for row in rows(query(name), {**facts, "at_most": question.tape})]

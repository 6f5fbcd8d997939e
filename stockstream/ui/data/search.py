"""The findings of a window, chosen by kind, method and score, and how good they are where labels exist."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from stockstream.connectors.postgres.read_pool import Rows
from stockstream.ui.data.market_snapshot import FOREVER, Question, reach, symbols
from stockstream.ui.data.records import Mark
from stockstream.ui.data.sql import query
from stockstream.ui.data.window import Span

MOST_FOUND = 300
JUDGED_TRADES = 2_000


@dataclass(frozen=True)
class Quality:
    """How the findings stand to the labels, over each symbol's newest trades.

    Attributes:
        trades: how many were looked at.
        labelled: those of them that have a label.
        caught: those with a label that a finding is about.
        findings: about those trades, or about spans that end among them.
        true: those that a labelled trade bears out.
    """

    trades: int
    labelled: int
    caught: int
    findings: int
    true: int

    @property
    def precision(self) -> float | None:
        """Return which share of the findings is borne out, None without findings."""
        return self.true / self.findings if self.findings else None

    @property
    def recall(self) -> float | None:
        """Return which share of the labelled trades was found, None without labels."""
        return self.caught / self.labelled if self.labelled else None


@dataclass(frozen=True)
class Found:
    """The answer; the counts are of all findings of the window up to ten thousand, `marks` of those asked."""

    question: "Search"
    read_at: datetime
    newest: datetime | None = None
    candles_end: datetime | None = None
    span: Span | None = None
    symbols: tuple[str, ...] = ()
    kinds: dict[str, int] = field(default_factory=dict)
    methods: dict[str, int] = field(default_factory=dict)
    marks: list[Mark] = field(default_factory=list)
    quality: Quality | None = None
    absent: tuple[str, ...] = ()


@dataclass(frozen=True)
class Search:
    """Which findings a viewer wants to see.

    Attributes:
        of: the window and the symbols.
        kinds: those chosen; none means all.
        methods: any of them; none means all.
        strength: the score is at least so many times the threshold.
    """

    of: Question
    kinds: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    strength: float = 1.0

    @property
    def window(self) -> str:
        """Return the window's name."""
        return self.of.window

    def answer(self, rows: Rows) -> Found:
        """Read the findings; the rows are of one moment."""
        known = symbols(rows)
        there = reach(rows, known)
        if there.newest is None or there.first is None:
            return Found(self, there.read_at, absent=there.absent)
        span = self.of.span(there.first, there.newest)
        asked = [symbol for symbol in known if symbol in self.of.symbols] or list(known)
        facts = {
            "symbols": asked,
            "start": span.start,
            "until": span.end if self.of.is_past() else FOREVER,
            "end": span.end,
        }
        kinds: Counter[str] = Counter()
        methods: Counter[str] = Counter()
        for kind, together, count in rows(query("kinds"), facts):
            kinds[kind] += count
            methods.update(dict.fromkeys(together, count))
        chosen = {"kinds": list(self.kinds), "methods": list(self.methods), "strength": self.strength}
        found = rows(query("search"), facts | chosen | {"at_most": MOST_FOUND})
        ((judged),) = rows(query("quality"), facts | {"each": JUDGED_TRADES})
        return Found(
            self,
            there.read_at,
            there.newest,
            there.candles_end,
            span,
            known,
            dict(sorted(kinds.items())),
            dict(sorted(methods.items())),
            [Mark(*row) for row in found],
            Quality(*judged),
            there.absent,
        )

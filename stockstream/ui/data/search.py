"""The findings of a window by kind, method and score, and their quality where labels exist."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from stockstream.connectors.postgres.read_pool import Rows
from stockstream.ui.data.market_snapshot import FOREVER, Question
from stockstream.ui.data.reach import reach, symbols
from stockstream.ui.data.records import Mark
from stockstream.ui.data.sql import query
from stockstream.ui.data.window import Span

MOST_FOUND = 300
JUDGED_TRADES = 2_000


@dataclass(frozen=True)
class Quality:
    """How the findings compare with the labels, over each symbol's newest trades.

    Attributes:
        trades: how many trades were examined.
        labelled: how many of them have a label.
        caught: how many of those with a label have a finding about them.
        findings: how many findings are about those trades, or about spans that end among them.
        true: how many of the findings a labelled trade confirms.
    """

    trades: int
    labelled: int
    caught: int
    findings: int
    true: int

    @property
    def precision(self) -> float | None:
        """Return the share of the findings that are confirmed, or None without findings."""
        return self.true / self.findings if self.findings else None

    @property
    def recall(self) -> float | None:
        """Return the share of the labelled trades that were found, or None without labels."""
        return self.caught / self.labelled if self.labelled else None


@dataclass(frozen=True)
class Found:
    """The answer: counts of all findings in the window, up to ten thousand, and the `marks` searched for."""

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
        kinds: the chosen kinds; none means all.
        methods: a finding has at least one of these; none means all.
        strength: the least score, in multiples of the threshold.
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
        """Read the findings; all rows are of one moment."""
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

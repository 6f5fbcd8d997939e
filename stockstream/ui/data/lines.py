"""The symbols' prices over time, one point per step; points that have settled are kept and not read again.

A trade changes only the points of its own interval of time, and there it changes the candle as well. So the
points of an interval are kept while its candles are unchanged, and a late trade has them read again when it
restates its candle, as it does the totals. The interval that is still open is read each time, and so is one
whose candles were written a moment ago, because a candle may be ahead of the tape. A change that affects no
candle (trades pruned, or inserted by hand while no aggregator runs) is seen after a minute.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Lock

from stockstream.connectors.postgres.read_pool import Rows
from stockstream.ui.data.hours import TradingHours
from stockstream.ui.data.records import Line
from stockstream.ui.data.sql import query
from stockstream.ui.data.window import MINUTE, Span

MOST_POINTS = 200_000
MOST_CANDLES = 20_000
SETTLED_AFTER = timedelta(seconds=10)
KEPT_FOR = timedelta(minutes=1)
TURNS = 30
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Part = tuple[str, datetime]
Key = tuple[timedelta, bool, str, datetime]
Said = tuple[int, datetime]
Points = tuple[tuple[datetime, Decimal], ...]


@dataclass(frozen=True)
class Course:
    """What is asked for: symbols' points in a span, a step apart, at `read_at` by the database's clock.

    `candles_end` is the end of the newest candle, None without one; intervals before it that have no candle
    have no trade. `hours` says which times are shown.
    """

    symbols: Sequence[str]
    span: Span
    step: timedelta
    read_at: datetime
    candles_end: datetime | None
    hours: TradingHours = field(default_factory=TradingHours)

    @property
    def width(self) -> timedelta:
        """Return the length of an interval: whole steps, and whole minutes, because candles have minutes."""
        return max(self.step, MINUTE)

    def key(self, part: Part) -> Key:
        """Return under what the points of an interval are kept."""
        return (self.step, self.hours.hiding(part[0]) is not None, *part)

    def parts(self) -> list[Part]:
        """Return each symbol's intervals in order of time; the first may begin before the span."""
        begin = self.interval(self.span.start)
        count = (self.span.end - begin) // self.width + 1
        return [(symbol, begin + self.width * at) for symbol in self.symbols for at in range(count)]

    def interval(self, moment: datetime) -> datetime:
        """Return the beginning of the interval that contains a moment."""
        return moment - (moment - EPOCH) % self.width

    def is_whole(self, part: Part) -> bool:
        """Return whether an interval lies within the span and is over."""
        return self.span.start <= part[1] and part[1] + self.width <= self.span.end


@dataclass(frozen=True)
class Kept:
    """The points of an interval, the state of its candles when they were read, and when they expire."""

    said: Said
    points: Points
    until: datetime


class Lines:
    """Points that all viewers share; the least recently used are discarded first."""

    def __init__(self, most_points: int = MOST_POINTS, settled_after: timedelta = SETTLED_AFTER) -> None:
        """Start without points.

        Args:
            most_points: how many points are kept at most; an interval without points counts as one.
            settled_after: how long the candles of an interval must be unchanged before its points are kept.
        """
        self._most = most_points
        self._settled_after = settled_after
        self._kept: OrderedDict[Key, Kept] = OrderedDict()
        self._points = 0
        self._lock = Lock()

    def __len__(self) -> int:
        """Return how many points are kept."""
        return self._points

    def read(self, rows: Rows, asked: Course) -> dict[str, Line]:
        """Return each symbol's line: the last trade of each step that has one, in order of time."""
        said = _said(rows, asked)
        points = {part: self._recall(asked, part, said.get(part)) for part in asked.parts()}
        for part, read in _ask(rows, asked, [part for part in points if points[part] is None]).items():
            points[part] = tuple(read)
            if part in said:
                self._keep(asked, part, said[part], tuple(read))
        lines: dict[str, Line] = {symbol: [] for symbol in asked.symbols}
        for (symbol, _), mine in points.items():
            lines[symbol].extend(mine or ())
        return lines

    def _recall(self, asked: Course, part: Part, said: Said | None) -> Points | None:
        key = asked.key(part)
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or kept.said != said or kept.until <= asked.read_at or not asked.is_whole(part):
                return None
            self._kept.move_to_end(key)
            return kept.points

    def _keep(self, asked: Course, part: Part, said: Said, points: Points) -> None:
        if not asked.is_whole(part) or asked.read_at - said[1] < self._settled_after:
            return
        # Points that were read together expire at different times, so that not all are read again at once.
        turn = (part[1] - EPOCH) // asked.width % TURNS
        until = asked.read_at + KEPT_FOR * ((TURNS + turn) / (2 * TURNS))
        key = asked.key(part)
        with self._lock:
            self._forget(key)
            self._kept[key] = Kept(said, points, until)
            self._points += max(len(points), 1)
            while self._points > self._most:
                self._forget(next(iter(self._kept)))

    def _forget(self, key: Key) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self._points -= max(len(gone.points), 1)


def _said(rows: Rows, asked: Course) -> dict[Part, Said]:
    """Return the state of each interval's candles; empty if reading them costs more than the points."""
    minutes = (asked.span.end - asked.span.start) // MINUTE + 1
    if asked.candles_end is None or minutes * len(asked.symbols) > MOST_CANDLES:
        return {}
    facts = {"symbols": list(asked.symbols), "width": asked.width}
    written = rows(query("intervals"), facts | {"start": asked.span.start, "end": asked.span.end})
    ends = ((part, part[1] + asked.width) for part in asked.parts())
    quiet: dict[Part, Said] = {part: (0, end) for part, end in ends if end <= asked.candles_end}
    return quiet | {
        (symbol, interval): (trades, written_at) for symbol, interval, trades, written_at in written
    }


def _ask(rows: Rows, asked: Course, parts: Sequence[Part]) -> dict[Part, list[tuple[datetime, Decimal]]]:
    """Return the points of these intervals, read from the tape."""
    found: dict[Part, list[tuple[datetime, Decimal]]] = {part: [] for part in parts}
    if parts:
        symbols = [symbol for symbol, _ in parts]
        facts = asked.hours.facts(symbols, asked.span) | {
            "symbols": symbols,
            "froms": [interval for _, interval in parts],
            "tos": [interval + asked.width for _, interval in parts],
            "step": asked.step,
            "start": asked.span.start,
            "end": asked.span.end,
        }
        for symbol, moment, price in rows(query("lines"), facts):
            found[symbol, asked.interval(moment)].append((moment, price))
    return found

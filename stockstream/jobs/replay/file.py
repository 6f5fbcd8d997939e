"""A file that is replayed: how far it has been sent, its bad rows, and the order of its trades."""

import logging
from collections.abc import Iterator, Sequence
from queue import SimpleQueue

import pyarrow as pa
from msgspec.structs import replace

from stockstream.connectors.files.resume import ResumePoints
from stockstream.errors import TradeFileError
from stockstream.jobs.replay.portion import Ints
from stockstream.jobs.replay.rows import TradeRows, span_of
from stockstream.jobs.replay.sides import SideRule
from stockstream.market.files.order import Order

SHOWN = 10  # bad rows that are logged individually; the others are in the report
RECONCILED = "the candles come out right once they are reconciled"

log = logging.getLogger("producer")


class ReplayedFile:
    """A file from its resume point on.

    Attributes:
        begin: the line after which it began.
        earliest: the earliest time of its trades, in microseconds since 1970.
        fault: the error that stopped reading, if any.
    """

    def __init__(self, rows: TradeRows, points: ResumePoints, sides: SideRule | None = None) -> None:
        """Find where the file goes on; unknown sides are inferred by a rule, if there is one."""
        self._rows, self._points, self._sides = rows, points, sides
        self._settled = points.read()
        self._bad, self._line = self._settled.bad, self._settled.line
        self._bad_read = SimpleQueue[Sequence[tuple[int, str]]]()
        self._bad_ahead: list[tuple[int, str]] = []
        self._order = Order()
        self.begin = self._line
        self.path, self.name = rows.file.path, rows.file.name
        self.count, self.earliest = rows.count, rows.earliest
        self.fault: TradeFileError | None = None

    def portions(self, size: int) -> Iterator[pa.RecordBatch]:
        """Yield the remaining trades, as far as the file can be read, as columns of `Portion`.

        Args:
            size: the length of a block of text in characters, which is read at once.
        """
        try:
            # A side follows from the trades before it, also from those before the line.
            begin = 0 if self._sides else self._line
            for portion in self._rows.after(begin, size):
                rest = (self._sides.of(portion) if self._sides else portion).after(self._line)
                self._bad_read.put(rest.bad)
                yield rest.trades
        except TradeFileError as exc:
            self.fault = exc

    def rewind(self) -> None:
        """Start again with the first row."""
        self._line = 0

    def go_on(self, line: int) -> None:
        """Advance to a line that was sent, and report the bad rows before it."""
        self._line = line
        self._take_bad()
        self._report([each for each in self._bad_ahead if each[0] < line])

    def end(self) -> None:
        """Report the remaining bad rows."""
        self._take_bad()
        self._report(self._bad_ahead)

    def _take_bad(self) -> None:
        # Rows are read in another thread.
        while not self._bad_read.empty():
            self._bad_ahead += self._bad_read.get()

    def compare(self, lines: Ints, at: Ints) -> None:
        """Check whether trades are in order of time; report the first that is not."""
        was_late = self._order.late
        behind = self._order.add(at)
        if behind and not was_late:
            line = int(lines[behind.number])
            what = "%s is not in order of time: line %s is %s older than a trade before it; %s"
            log.info(what, self.name, f"{line:,}", span_of(behind.span), RECONCILED)

    @property
    def sources(self) -> frozenset[str]:
        """Where the trades that were read so far come from."""
        return self._rows.sources

    @property
    def is_settled(self) -> bool:
        """Whether everything sent so far is acknowledged."""
        return self._settled.line == self._line

    def settle(self) -> None:
        """Record that everything sent so far is acknowledged."""
        self._settled = replace(self._settled, line=self._line, bad=self._bad)

    def write(self) -> None:
        """Store the resume point."""
        self._points.write(self._settled)

    def close(self, *, is_done: bool) -> None:
        """Store the resume point, or delete it if the replay is done; then report on the rows."""
        if is_done:
            self._points.forget()
        else:
            self.write()
        if self._bad:
            log.warning("bad rows left out: %s; %s lists them", f"{self._bad:,}", self._points.bad_rows)
        order = self._order
        if order.late:
            log.info(
                "%s is not in order of time: %s of %s trades are older than one before them (up to %s); %s",
                *(
                    self.name,
                    f"{order.late:,}",
                    f"{order.seen:,}",
                    span_of(order.furthest),
                    RECONCILED,
                ),
            )

    def _report(self, passed: Sequence[tuple[int, str]]) -> None:
        if not passed:
            return
        bad = [f"line {line:,}: {fault}" for line, fault in passed]
        self._bad_ahead = self._bad_ahead[len(bad) :]
        for text in bad[: max(SHOWN - self._bad, 0)]:
            log.warning("%s, %s; left out", self.name, text)
        self._points.report(bad, is_first=self._bad == 0)
        self._bad += len(bad)

"""Storage of a live feed's gaps in PostgreSQL, which trades never wait for."""

import logging
from collections.abc import Sequence
from threading import Event, Lock, Thread
from typing import Protocol

from stockstream.connectors.venues import GapFiles
from stockstream.errors import StockstreamError
from stockstream.market.venues import Gap

BETWEEN_TRIES = 5.0
LAST_TRY = 2.0  # seconds to wait for PostgreSQL at the end

log = logging.getLogger("producer")


class GapTable(Protocol):
    """Permanent storage for gaps."""

    def write(self, gaps: Sequence[Gap]) -> None:
        """Write gaps in order, all or none; writing the same gaps again changes nothing."""


class GapKeeper:
    """Stores gaps at once in a file, and in PostgreSQL as soon as it accepts them.

    Order of effects: a gap is reported, written to its symbol's file, and the trade after it is sent;
    meanwhile a thread writes the gap to PostgreSQL and then removes it from the file. A crash between any two
    leaves it in the file, from which the next start writes it again. A producer that is killed before it sent
    the trade after a gap looks for the missing trades once more and reports the result.
    """

    def __init__(self, files: GapFiles, table: GapTable, symbols: Sequence[str]) -> None:
        self._files, self._table = files, table
        self._waiting = files.read(symbols)
        self._lock = Lock()
        self._news, self._ends = Event(), Event()
        self._told = ""
        self._thread = Thread(target=self._bring, daemon=True)
        self._thread.start()

    def note(self, gap: Gap) -> None:
        """Store a gap in its file; afterwards, the trade that follows it may be sent."""
        with self._lock:
            self._waiting.append(gap)
            self._save(gap.symbol)
        self._news.set()

    def close(self) -> None:
        """Try once more to write waiting gaps; the rest waits for the next start."""
        self._ends.set()
        self._news.set()
        self._thread.join(LAST_TRY)

    def _bring(self) -> None:
        while True:
            is_done = self._write()
            if self._ends.is_set():
                return
            if is_done:
                self._news.wait()
                self._news.clear()
            else:
                self._ends.wait(BETWEEN_TRIES)

    def _write(self) -> bool:
        """Write the waiting gaps; return whether none are left."""
        with self._lock:
            gaps = list(self._waiting)
        if not gaps:
            return True
        try:
            self._table.write(gaps)
        except StockstreamError as exc:
            if str(exc) != self._told:
                self._told = str(exc)
                log.warning("gaps of the feed wait in %s: %s", self._files.folder, exc)
            return False
        self._told = ""
        with self._lock:
            del self._waiting[: len(gaps)]
            for symbol in {gap.symbol for gap in gaps}:
                self._save(symbol)
            return not self._waiting

    def _save(self, symbol: str) -> None:
        try:
            self._files.write(symbol, [gap for gap in self._waiting if gap.symbol == symbol])
        except OSError as exc:
            log.warning("cannot keep gaps in %s (%s)", self._files.folder, exc.strerror)

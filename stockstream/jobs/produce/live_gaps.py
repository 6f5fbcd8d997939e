"""The gaps of a live feed on their way to PostgreSQL, which trades never wait for."""

import logging
from collections.abc import Sequence
from threading import Event, Lock, Thread
from typing import Protocol

from stockstream.connectors.venues import GapFiles
from stockstream.errors import StockstreamError
from stockstream.market.venues import Gap

BETWEEN_TRIES = 5.0
LAST_TRY = 2.0  # seconds that an end waits for PostgreSQL

log = logging.getLogger("producer")


class GapTable(Protocol):
    """Where gaps are kept for good."""

    def write(self, gaps: Sequence[Gap]) -> None:
        """Write them in order, all or none; to write the same again changes nothing."""


class GapKeeper:
    """Keeps gaps at once in a file, and in PostgreSQL as soon as it takes them.

    Order of effects: a gap is told, it stands in its symbol's file, the trade after it is sent; beside that,
    in a thread, the gap is written to PostgreSQL, and then taken out of the file. A crash between any two
    leaves it in the file, from which the next start writes it again. Whoever is killed before the trade
    after a gap was sent looks for the missing trades once more, and tells what came of it.
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
        """Keep a gap; the trade after it may be sent then."""
        with self._lock:
            self._waiting.append(gap)
            self._save(gap.symbol)
        self._news.set()

    def close(self) -> None:
        """Try once more what waits; what PostgreSQL does not take by then waits for the next start."""
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
        """Write what waits; tell whether nothing does any more."""
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

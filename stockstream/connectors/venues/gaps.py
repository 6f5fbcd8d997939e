"""A feed's gaps that are not in PostgreSQL yet, in small files written before later trades are sent."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import msgspec

from stockstream.market.venues import Gap

log = logging.getLogger("producer")

_gaps = msgspec.json.Decoder(list[Gap])


class GapFiles:
    """One file per symbol beside that of its resume point; there is none if no gap waits."""

    def __init__(self, folder: Path, venue: str, topic: str) -> None:
        """Determine the folder, which is created with the first file."""
        self.folder = folder / quote(topic, safe="") / venue

    def read(self, symbols: Sequence[str]) -> list[Gap]:
        """Return the gaps of some symbols, each symbol's in the order they were reported."""
        return [gap for symbol in symbols for gap in self._read(symbol)]

    def write(self, symbol: str, gaps: Sequence[Gap]) -> None:
        """Store a symbol's gaps; the file is replaced atomically."""
        path = self._path(symbol)
        if not gaps:
            path.unlink(missing_ok=True)
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        made = path.with_suffix(f".{os.getpid()}")
        made.write_bytes(msgspec.json.encode(gaps))
        made.replace(path)

    def _read(self, symbol: str) -> list[Gap]:
        try:
            return _gaps.decode(self._path(symbol).read_bytes())
        except FileNotFoundError:
            return []
        except (OSError, msgspec.DecodeError) as exc:
            log.warning("%s cannot be read (%s); gaps in it are not known", self._path(symbol), exc)
            return []

    def _path(self, symbol: str) -> Path:
        return self.folder / f"{quote(symbol, safe='')}.gaps.json"

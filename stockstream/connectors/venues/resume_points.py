"""Resume points of a live feed: how far each symbol has been produced, one small file each.

A file is written after the broker's acknowledgement, so it may be behind the topic, but never ahead. It also
holds where the topic ended at that time: what the feed has sent since is found from there on.
"""

import logging
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import msgspec

from stockstream.market.venues import FeedPosition

log = logging.getLogger("producer")


class _File(msgspec.Struct, frozen=True, omit_defaults=True):
    number: int
    at: datetime
    ends: dict[int, int]
    recent: dict[str, datetime] = {}


_file = msgspec.json.Decoder(_File)


class ResumePoints:
    """The files, one per symbol, so that several producers of one venue do not interfere."""

    def __init__(self, folder: Path, venue: str, topic: str) -> None:
        """Determine the folder, which is created with the first file."""
        self._folder = folder / quote(topic, safe="") / venue

    def read(self, symbols: Sequence[str]) -> tuple[dict[str, FeedPosition], dict[int, int] | None]:
        """Return the symbols' resume points, and where to read the topic from; None if a file is missing."""
        found = {symbol: self._read(symbol) for symbol in symbols}
        files = {symbol: file for symbol, file in found.items() if file is not None}
        positions = {
            symbol: FeedPosition(file.number, file.at, file.recent) for symbol, file in files.items()
        }
        if len(files) < len(symbols):
            return positions, None
        partitions = {partition for file in files.values() for partition in file.ends}
        return positions, {
            each: min(file.ends.get(each, 0) for file in files.values()) for each in partitions
        }

    def write(self, positions: Mapping[str, FeedPosition], ends_of_topic: dict[int, int]) -> None:
        """Store resume points that the broker has acknowledged; each file is replaced atomically."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for symbol, position in positions.items():
            path = self._path(symbol)
            made = path.with_suffix(f".{os.getpid()}")
            file = _File(position.number, position.at, ends_of_topic, dict(position.recent))
            made.write_bytes(msgspec.json.encode(file))
            made.replace(path)

    def _read(self, symbol: str) -> _File | None:
        try:
            return _file.decode(self._path(symbol).read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as exc:
            log.warning("%s cannot be read (%s); reading the topic instead", self._path(symbol), exc)
            return None

    def _path(self, symbol: str) -> Path:
        return self._folder / f"{quote(symbol, safe='')}.json"

"""How far a file was sent, and which of its rows are bad: kept in small files."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from stockstream.connectors.files.trade_file import TradeFile


class ResumePoint(msgspec.Struct, frozen=True):
    """How far a file was sent: the last line, and how many rows were bad up to there."""

    fingerprint: str
    line: int
    bad: int = 0


class ResumePoints:
    """Where the resume point of a file is kept, and the report of its bad rows."""

    def __init__(self, folder: Path, topic: str, file: TradeFile, options: str = "") -> None:
        """Name the files; their folder is made when something is written.

        Args:
            options: how the file is read: in another way it is sent from its begin.
        """
        name = hashlib.sha256(os.fsencode(file.path.resolve())).hexdigest()[:16]
        self._fingerprint = f"{file.fingerprint}-{hashlib.sha256(options.encode()).hexdigest()[:8]}"
        self._point = folder / topic / "replay" / f"{name}.json"
        # A name may have as many bytes as a file's name can have, and the report's is longer.
        self.bad_rows = folder / topic / "replay" / f"{file.path.name[:40]}.{name[:6]}.bad-rows.txt"

    def read(self) -> ResumePoint:
        """Return how far this file was sent; its begin if the file has another content now."""
        begin = ResumePoint(self._fingerprint, 0)
        try:
            found = msgspec.json.decode(self._point.read_bytes(), type=ResumePoint)
        except (OSError, msgspec.DecodeError):
            return begin
        return found if found.fingerprint == self._fingerprint else begin

    def write(self, point: ResumePoint) -> None:
        """Keep how far the file was sent."""
        self._point.parent.mkdir(parents=True, exist_ok=True)
        made = self._point.with_suffix(".new")
        made.write_bytes(msgspec.json.encode(point))
        made.replace(self._point)

    def forget(self) -> None:
        """Begin with the file's first row the next time."""
        self._point.unlink(missing_ok=True)

    def report(self, lines: Sequence[str], *, is_first: bool) -> None:
        """Write down bad rows, in a new report where they are the first."""
        self.bad_rows.parent.mkdir(parents=True, exist_ok=True)
        with self.bad_rows.open(
            "w" if is_first else "a", encoding="utf-8", errors="backslashreplace"
        ) as report:
            report.writelines(f"{line}\n" for line in lines)

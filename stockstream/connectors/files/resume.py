"""Resume points and bad rows of replayed files, kept in small files."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from stockstream.connectors.files.trade_file import TradeFile


class ResumePoint(msgspec.Struct, frozen=True):
    """How far a file was sent: its last line, and the number of bad rows up to there."""

    fingerprint: str
    line: int
    bad: int = 0


class ResumePoints:
    """Storage for a file's resume point and the report of its bad rows."""

    def __init__(self, folder: Path, topic: str, file: TradeFile, options: str = "") -> None:
        """Determine the file names; their folder is created at the first write.

        Args:
            folder: the folder of all topics.
            topic: the topic the file is sent to.
            file: the file that is replayed.
            options: how the file is read: with other options it is sent from its beginning.
        """
        # Each member of an archive has its own.
        path = os.fsencode(file.path.resolve()) + b"\0" * bool(file.member) + os.fsencode(file.member)
        name = hashlib.sha256(path).hexdigest()[:16]
        self._fingerprint = f"{file.fingerprint}-{hashlib.sha256(options.encode()).hexdigest()[:8]}"
        self._point = folder / topic / "replay" / f"{name}.json"
        # A name may be as long as file names can be, and the report's is longer.
        self.bad_rows = folder / topic / "replay" / f"{file.path.name[:40]}.{name[:6]}.bad-rows.txt"

    def read(self) -> ResumePoint:
        """Return how far this file was sent; its beginning if its content has changed."""
        begin = ResumePoint(self._fingerprint, 0)
        try:
            found = msgspec.json.decode(self._point.read_bytes(), type=ResumePoint)
        except (OSError, msgspec.DecodeError):
            return begin
        return found if found.fingerprint == self._fingerprint else begin

    def write(self, point: ResumePoint) -> None:
        """Store how far the file was sent."""
        self._point.parent.mkdir(parents=True, exist_ok=True)
        made = self._point.with_suffix(".new")
        made.write_bytes(msgspec.json.encode(point))
        made.replace(self._point)

    def forget(self) -> None:
        """Start with the file's first row the next time."""
        self._point.unlink(missing_ok=True)

    def report(self, lines: Sequence[str], *, is_first: bool) -> None:
        """Append bad rows to the report; the first ones start a new report."""
        self.bad_rows.parent.mkdir(parents=True, exist_ok=True)
        with self.bad_rows.open(
            "w" if is_first else "a", encoding="utf-8", errors="backslashreplace"
        ) as report:
            report.writelines(f"{line}\n" for line in lines)

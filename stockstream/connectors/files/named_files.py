"""The files that a person names: also in folders and archives, by a pattern, or by a pipe."""

import glob
import os
import select
import shutil
import sys
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event
from typing import BinaryIO

from stockstream.connectors.files.containers import is_data, members
from stockstream.connectors.files.trade_file import FAULTS, TradeFile, first_line
from stockstream.errors import TradeFileError, UsageError

STANDARD_INPUT = "-"
PIECE = 1 << 20  # bytes
GLANCE = 0.25  # seconds, so that a signal does not wait for a silent pipe


def files_of(names: Sequence[str], spool: Path, stop: Event) -> list[TradeFile]:
    """Open the files with these names, each member of an archive as one.

    Args:
        names: files, folders, patterns such as `2024-*/*.csv.gz`, or `-` for standard input.
        spool: the folder for copies of what comes by a pipe, which is read twice.
        stop: ends the reading of a pipe.

    Raises:
        UsageError: a name stands for no file, or two stand for the same one.
        TradeFileError: a file cannot be read.
    """
    found: list[TradeFile] = []
    known: set[Path] = set()
    for name in names:
        for path in _paths(name):
            if path.resolve() in known and name != STANDARD_INPUT:
                raise UsageError(what=f"--file {path}: it is named twice")
            known.add(path.resolve())
            found += _opened(path, spool, stop)
    return found


def _paths(name: str) -> Iterator[Path]:
    path = Path(name).expanduser()
    if name == STANDARD_INPUT or (path.exists() and not path.is_dir()):
        yield path
        return
    if path.is_dir():
        inside = (each.relative_to(path) for each in sorted(path.rglob("*")) if each.is_file())
        found = [path / each for each in inside if is_data(each)]
        nothing = "the folder has no file"
    elif glob.has_magic(name):
        matching = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207 - a pattern may be absolute
        found = [each for each in map(Path, matching) if each.is_file()]
        nothing = "no file matches"
    else:
        found, nothing = [path], ""
    if not found:
        raise UsageError(what=f"--file {name}: {nothing}")
    yield from found


def _opened(path: Path, spool: Path, stop: Event) -> Iterator[TradeFile]:
    try:
        if str(path) == STANDARD_INPUT:
            yield _Piped(sys.stdin.buffer, "stdin", spool, stop)
        elif path.is_fifo():
            with path.open("rb") as pipe:
                yield _Piped(pipe, path.name, spool, stop)
        else:
            yield from (TradeFile(path, member) for member in members(path))
    except FAULTS as exc:
        raise TradeFileError(path=path, reason=first_line(exc)) from exc


class _Piped(TradeFile):
    """What came by a pipe, in a copy that goes with it."""

    def __init__(self, pipe: BinaryIO, name: str, spool: Path, stop: Event) -> None:
        spool.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="piped-", dir=spool))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        copy = folder / name
        with copy.open("wb") as file:
            for piece in _pieces(pipe, stop):
                file.write(piece)
        super().__init__(copy)


def _pieces(pipe: BinaryIO, stop: Event) -> Iterator[bytes]:
    number = pipe.fileno()
    while not stop.is_set():
        # Windows waits for sockets only.
        if sys.platform != "win32" and not select.select([number], [], [], GLANCE)[0]:
            continue
        piece = os.read(number, PIECE)
        if not piece:
            return
        yield piece

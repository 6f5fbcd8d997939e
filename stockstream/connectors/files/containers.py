"""Files as text, whatever they are packed in: gzip, bzip2, xz, Zstandard, or a member of a zip archive.

How a file is packed is seen from how it begins, not from its name.
"""

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path, PurePath
from typing import BinaryIO, TextIO, cast

import pyarrow as pa


def _zstandard(path: Path) -> BinaryIO:
    # Arrow has the decompressor; its stream has what a buffered reader calls.
    packed = pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")
    return io.BufferedReader(cast("io.RawIOBase", packed))


OPENERS: Mapping[bytes, Callable[[Path], object]] = {
    b"\x1f\x8b": gzip.GzipFile,
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lzma.LZMAFile,
    b"\x28\xb5\x2f\xfd": _zstandard,
}
# What their names end with.
PACKED = (".gz", ".bz2", ".xz", ".zst")
_ARCHIVE = b"PK\x03\x04"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_LONGEST = 6  # bytes of a beginning


def members(path: Path) -> list[str]:
    """Return the names of the files in an archive, in order; of any other file one empty name.

    Raises:
        OSError, zipfile.BadZipFile: the archive cannot be read.
    """
    if not beginning(path).startswith(_ARCHIVE):
        return [""]
    with zipfile.ZipFile(path) as archive:
        return [
            each.filename
            for each in archive.infolist()
            if not each.is_dir() and is_data(PurePath(each.filename))
        ]


def is_data(path: PurePath) -> bool:
    """Return whether a file in a folder or an archive is meant: not hidden, and not put there by a tool.

    >>> [is_data(PurePath(name)) for name in ("a/b.csv", ".a.csv", "__MACOSX/._b.csv", "_SUCCESS")]
    [True, False, False, False]
    """
    return not any(part.startswith((".", "_")) for part in path.parts)


def beginning(path: Path) -> bytes:
    """Return the first bytes of a file, which tell its kind.

    Raises:
        OSError: the file cannot be opened.
    """
    with path.open("rb") as file:
        return file.read(_LONGEST)


def open_text(path: Path, member: str = "") -> TextIO:
    """Open a file as text in UTF-8, or in UTF-16 if it begins as such.

    Invalid bytes become surrogates, so that they affect their own cell and not the file.

    Raises:
        OSError: the file cannot be opened.
    """
    packed = _open(path, member)
    buffered = packed if hasattr(packed, "peek") else io.BufferedReader(cast("io.RawIOBase", packed))
    encoding = "utf-16" if buffered.peek(2)[:2] in _UTF_16 else "utf-8-sig"
    return io.TextIOWrapper(buffered, encoding=encoding, errors="surrogateescape", newline="")


def _open(path: Path, member: str) -> io.BufferedReader:
    if member:
        # The archive is closed with its member, as nothing else refers to it.
        return cast("io.BufferedReader", zipfile.ZipFile(path).open(member))
    begin = beginning(path)
    opener = next((opener for magic, opener in OPENERS.items() if begin.startswith(magic)), None)
    return cast("io.BufferedReader", opener(path)) if opener else path.open("rb")

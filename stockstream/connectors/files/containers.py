"""Files as text, whatever they are packed in: gzip, bzip2, xz, Zstandard, or a member of a zip archive."""

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, BinaryIO, TextIO, cast

import pyarrow as pa


def _zstandard(path: Path) -> BinaryIO:
    # Arrow has the decompressor; its stream has what a buffered reader calls.
    packed = pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")
    return io.BufferedReader(cast("io.RawIOBase", packed))


OPENERS: Mapping[str, Callable[[Path], BinaryIO]] = {
    ".gz": gzip.GzipFile,
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
    ".zst": _zstandard,
}
ARCHIVE = ".zip"
# How a file in UTF-16 begins.
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def members(path: Path) -> list[str]:
    """Return the names of the files in an archive, in order; of any other file one empty name.

    Raises:
        OSError, zipfile.BadZipFile: the archive cannot be read.
    """
    if path.suffix.lower() != ARCHIVE:
        return [""]
    with zipfile.ZipFile(path) as archive:
        return [each.filename for each in archive.infolist() if not each.is_dir()]


def open_text(path: Path, member: str = "") -> TextIO:
    """Open a file as text in UTF-8, or in UTF-16 if it begins as such.

    Invalid bytes become surrogates, so that they affect their own cell and not the file.

    Raises:
        OSError: the file cannot be opened.
    """
    packed = _open(path, member)
    buffered = cast("io.BufferedReader", packed if hasattr(packed, "peek") else io.BufferedReader(packed))
    encoding = "utf-16" if buffered.peek(2)[:2] in _UTF_16 else "utf-8-sig"
    return io.TextIOWrapper(buffered, encoding=encoding, errors="surrogateescape", newline="")


def _open(path: Path, member: str) -> IO[bytes]:
    if member:
        # The archive is closed with its member, as nothing else refers to it.
        return zipfile.ZipFile(path).open(member)
    opener = OPENERS.get(path.suffix.lower())
    return opener(path) if opener else path.open("rb")

"""Which files a name stands for, and what they are packed in."""

import bz2
import gzip
import lzma
import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace

from stockstream.connectors.files.named_files import files_of
from stockstream.connectors.files.resume import ResumePoints
from stockstream.connectors.files.trade_file import TradeFile
from stockstream.errors import TradeFileError, UsageError

TEXT = "time,symbol,price,volume\n2024-01-02T00:00:00Z,A,1.5,2\n2024-01-02T00:00:01Z,B,2.5,3\n"
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": lambda data: pa.compress(data, "zstd", asbytes=True),
    "utf-16": lambda data: data.decode().encode("utf-16"),
}


def files(*names: object, spool: Path = Path("unused")) -> list[TradeFile]:
    return files_of([str(name) for name in names], spool, Event())


def symbols(file: TradeFile) -> list[str]:
    return [row.cells[1] for row in file.rows(range(len(file.header)))]


@pytest.mark.parametrize("ending", PACKERS)
@pytest.mark.parametrize("name", ["trades.csv.{}", "named-otherwise.csv"])
def test_a_packed_file_is_known_by_how_it_begins(tmp_path: Path, ending: str, name: str) -> None:
    path = tmp_path / name.format(ending)
    path.write_bytes(PACKERS[ending](TEXT.encode()))
    (file,) = files(path)
    assert symbols(file) == ["A", "B"]
    assert file.stem in {"trades", "trades.csv", "named-otherwise"}


def test_each_member_of_an_archive_is_a_file(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "day.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("inner")
        archive.writestr("inner/one.csv", TEXT)
        archive.writestr("two.csv", TEXT.replace(",A,", ",C,"))
        archive.writestr("__MACOSX/._two.csv", "what a tool put there")
    one, two = files(tmp_path / "day.zip")
    assert (one.name, one.stem, symbols(one)) == ("day.zip/inner/one.csv", "one", ["A", "B"])
    assert symbols(two) == ["C", "B"]


def test_a_folder_and_a_pattern_stand_for_their_files_in_order(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "inner/c.csv", ".hidden.csv", "_SUCCESS"):
        path = tmp_path / "days" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TEXT)
    assert [file.name for file in files(tmp_path / "days")] == ["a.csv", "b.csv", "c.csv"]
    assert [file.name for file in files(tmp_path / "days/*.csv")] == ["a.csv", "b.csv"]
    assert [file.name for file in files(tmp_path / "days/**/c.csv")] == ["c.csv"]


def test_folders_named_by_a_value_say_what_all_rows_have(tmp_path: Path) -> None:
    path = tmp_path / "tape/symbol=BTC%2FUSD/day=2024-01-02/part.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(pa.table({"price": [1.5]}), path)
    (file,) = files(tmp_path / "tape")
    assert file.partition == {"symbol": "BTC/USD", "day": "2024-01-02"}


def test_what_comes_by_a_pipe_is_read_as_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = Thread(target=pipe.write_bytes, args=(gzip.compress(TEXT.encode()),))
    writer.start()
    (file,) = files(pipe, spool=tmp_path / "spool")
    writer.join()
    assert symbols(file) == symbols(file) == ["A", "B"]
    reading, writing = os.pipe()
    os.write(writing, TEXT.encode())
    os.close(writing)
    with os.fdopen(reading) as standard_input:
        monkeypatch.setattr(sys, "stdin", standard_input)
        (piped,) = files("-", spool=tmp_path / "spool")
    assert (piped.name, symbols(piped)) == ("stdin", ["A", "B"])
    assert len(list((tmp_path / "spool").iterdir())) == 2
    del file, piped
    assert not list((tmp_path / "spool").iterdir())


def test_a_pipe_that_stays_silent_ends_with_a_signal(tmp_path: Path) -> None:
    pipe, stop = tmp_path / "pipe", Event()
    os.mkfifo(pipe)
    holding = os.open(pipe, os.O_RDWR)
    stop.set()
    with pytest.raises(TradeFileError, match="it is empty"):
        files_of([str(pipe)], tmp_path / "spool", stop)
    os.close(holding)


def test_a_name_that_stands_for_nothing_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    with pytest.raises(UsageError, match="nothing: the folder has no file"):
        files(tmp_path / "nothing")
    with pytest.raises(UsageError, match=r"\*\.csv: no file matches"):
        files(tmp_path / "*.csv")
    with pytest.raises(TradeFileError, match="No such file or directory"):
        files(tmp_path / "none.csv")
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 broken")
    with pytest.raises(TradeFileError, match=r"broken\.zip"):
        files(tmp_path / "broken.zip")
    (tmp_path / "one.csv").write_text(TEXT)
    with pytest.raises(UsageError, match="it is named twice"):
        files(tmp_path / "one.csv", tmp_path / "*.csv")


def test_members_of_an_archive_resume_by_themselves(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "day.zip", "w") as archive:
        archive.writestr("one.csv", TEXT)
        archive.writestr("two.csv", TEXT)
    one, two = (ResumePoints(tmp_path, "t", file) for file in files(tmp_path / "day.zip"))
    one.write(replace(one.read(), line=2))
    two.write(replace(two.read(), line=3))
    assert (one.read().line, two.read().line) == (2, 3)
    assert one.bad_rows != two.bad_rows

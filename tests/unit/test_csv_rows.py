"""CSV files are read strictly: a broken row is one row, whatever it is broken by."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from stockstream.connectors.files.containers import open_text
from stockstream.connectors.files.csv_blocks import blocks_of
from stockstream.connectors.files.csv_rows import MOST_LETTERS, MOST_LINES, read_dialect

HEADER = "id,time,price,note"


def read(
    folder: Path, lines: Sequence[str], end: str = "\n", size: int = 1 << 20
) -> list[tuple[int, list[str], str]]:
    path = folder / "trades.csv"
    path.write_bytes(end.join([HEADER, *lines, ""]).encode("utf-8", "surrogateescape"))
    with open_text(path) as file:
        dialect = read_dialect(file)
    with open_text(path) as file:
        return [
            (row.line, list(row.cells), row.fault)
            for block in blocks_of(file, dialect, range(len(dialect.header)), size)
            for row in block.rows()
        ]


def good(number: int, note: str = "") -> str:
    return f"{number},10:00:00,1.5,{note}"


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        (good(2, '"12 inch'), "a quote is not closed"),
        (good(2, '"12" inch'), "',' expected after '\"'"),
        (good(2, '"'), "a quote is not closed"),
        ('"2,10:00:00,1.5,', "a quote is not closed"),
        ("2,10:00:00,1.5", "it has 3 cells, the header has 4"),
        ("2,10:00:00", "it has 2 cells, the header has 4"),
        ("2,10:00:00,1,5,", "it has 5 cells, the header has 4"),
        (good(2, "x," * MOST_LETTERS), f"the line has more than {MOST_LETTERS:,} characters"),
        (good(2, "x" * 200_000), "field larger than field limit (131072)"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_broken_row_harms_no_other(tmp_path: Path, broken: str, fault: str, end: str) -> None:
    rows = read(tmp_path, [good(1), broken, *map(good, range(3, 300))], end)
    assert [(line, why) for line, _, why in rows if why] == [(3, fault)]
    assert [cells[0] for _, cells, why in rows if not why] == ["1", *map(str, range(3, 300))]


def test_two_quotes_that_are_not_closed_do_not_close_each_other(tmp_path: Path) -> None:
    for second in ('"', '"x', 'x"', '""', '",'):
        rows = read(tmp_path, [good(1, '"'), good(2), good(3, second), good(4)])
        assert [cells[0] for _, cells, why in rows if not why and cells[0] != "3"] == ["2", "4"]
        assert len(rows) == 4
        rows = read(tmp_path, [good(1, '"'), good(2, second), good(3)])
        assert len(rows) == 3


def test_a_cell_may_span_lines(tmp_path: Path) -> None:
    rows = read(tmp_path, [good(1, '"first line\nsecond, line\n\nand ""last"""'), "", good(2)])
    assert rows == [
        (2, ["1", "10:00:00", "1.5", 'first line\nsecond, line\n\nand "last"'], ""),
        (7, ["2", "10:00:00", "1.5", ""], ""),
    ]


def test_a_row_of_more_lines_than_any_has_is_broken(tmp_path: Path) -> None:
    rows = read(tmp_path, [good(1, '"' + "x\n" * MOST_LINES + '"'), good(2)])
    assert rows[0] == (2, [], "a quote is not closed")
    assert rows[-1][1][0] == "2"


def test_what_is_not_utf8_harms_its_cell_alone(tmp_path: Path) -> None:
    assert read(tmp_path, [good(1, "caf\udce9"), good(2)])[0] == (
        2,
        ["1", "10:00:00", "1.5", "caf\udce9"],
        "",
    )

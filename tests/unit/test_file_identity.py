"""Which rows of files are one trade: by their ids where those hold, else by their content."""

from collections.abc import Sequence
from pathlib import Path
from threading import Event

import pytest

from stockstream.connectors.files.trade_file import TradeFile
from stockstream.errors import UsageError
from stockstream.jobs.replay.options import Manner, ReplayOptions
from stockstream.jobs.replay.rows import Look
from stockstream.market.files.columns import match
from tests.replayed_rows import TradeRow, rows_after

WITHOUT_IDS = "time,symbol,price,size,side"
WITH_IDS = "id,exchange,time,symbol,price,size,side"
EQUAL = "2024-03-01 10:00:00+00:00,GROW,10.5,1,BUY"
OTHER = "2024-03-01 10:00:01+00:00,GROW,10.5,1,BUY"


def rows(
    path: Path, lines: Sequence[str], *, end: str = "\n", per: tuple[str, ...] = (), ids: str = "id"
) -> list[TradeRow]:
    path.write_bytes(end.join([*lines, ""]).encode())
    columns = {} if ids == "id" else {"trade_id": ids}
    options = ReplayOptions(Manner(None), columns, None, None, per, None, None, None)
    file = TradeFile(path)
    return rows_after(Look(file, match(file.header, columns), options, Event()).through())


def names(found: Sequence[TradeRow]) -> list[tuple[str, str] | None]:
    return [(row.trade.source, row.trade.trade_id) if row.trade else None for row in found]


def test_content_is_the_same_trade_in_any_file_line_and_spelling(tmp_path: Path) -> None:
    first = names(rows(tmp_path / "a.csv", [WITHOUT_IDS, EQUAL, OTHER]))
    spelled = EQUAL.replace("10.5", "10.500").replace(" 10:00:00+00:00", "T11:00:00+01:00")
    again = names(rows(tmp_path / "b.csv", [WITHOUT_IDS, "", OTHER, spelled], end="\r\n"))
    assert set(first) == set(again)
    assert len(set(first)) == 2


def test_equals_are_as_many_trades_as_there_are_wherever_they_stand(tmp_path: Path) -> None:
    first = names(rows(tmp_path / "a.csv", [WITHOUT_IDS, EQUAL, OTHER, EQUAL, EQUAL]))
    grown = names(rows(tmp_path / "b.csv", [WITHOUT_IDS, EQUAL, EQUAL, EQUAL, EQUAL, OTHER]))
    assert len(set(first)) == 4
    assert set(first) < set(grown)
    assert len(set(grown)) == 5


def test_a_replay_that_goes_on_counts_the_equals_before_it(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    whole = rows(path, [WITHOUT_IDS, EQUAL, OTHER, EQUAL, EQUAL])
    options = ReplayOptions(Manner(None), {}, None, None, (), None, None, None)
    file = TradeFile(path)
    rest = rows_after(Look(file, match(file.header, {}), options, Event()).through(), 3)
    assert rest == whole[2:]


def with_id(number: int, exchange: str, day: int, price: str = "10.5") -> str:
    return f"{number},{exchange},2024-03-0{day} 10:00:00+00:00,GROW,{price},1,BUY"


def test_two_files_with_the_same_ids_are_two_tapes(tmp_path: Path) -> None:
    lines = [WITH_IDS, with_id(1, "X", 1), with_id(2, "X", 1)]
    assert names(rows(tmp_path / "a.csv", lines)) == [("replay:a", "1"), ("replay:a", "2")]
    assert names(rows(tmp_path / "b.csv", lines)) == [("replay:b", "1"), ("replay:b", "2")]


def test_a_long_or_odd_name_of_a_file_is_a_source_that_tells_files_apart(tmp_path: Path) -> None:
    lines = [WITH_IDS, with_id(1, "X", 1)]
    sources = {
        name: (names(rows(tmp_path / f"{name}.csv", lines))[0] or ("", ""))[0]
        for name in ("x" * 150 + "1", "x" * 150 + "2", "a\nb", "Zürich 100%")
    }
    assert len(set(sources.values())) == 4
    assert sources["Zürich 100%"] == "replay:Zürich 100%"


@pytest.mark.parametrize(
    ("lines", "advice"),
    [
        ([with_id(1, "X", 1), with_id(1, "X", 2, "11")], "--id-per day"),
        ([with_id(1, "X", 1), with_id(1, "Y", 1, "11")], "--id-per venue"),
        ([with_id(1, "X", 1), with_id(1, "Y", 1, "11"), with_id(1, "X", 2)], "--id-per day,venue"),
        ([with_id(1, "X", 1), with_id(1, "X", 1, "11")], "--columns trade_id="),
    ],
)
def test_ids_that_begin_again_are_refused_with_what_tells_them_apart(
    tmp_path: Path, lines: list[str], advice: str
) -> None:
    path = tmp_path / "a.csv"
    with pytest.raises(UsageError) as refused:
        rows(path, [WITH_IDS, *lines])
    assert f"is two trades', lines 2 and 3: the ids begin again; {advice} " in str(refused.value)
    option, _, value = advice.partition(" ")
    per = tuple(value.split(",")) if option == "--id-per" else ()
    found = rows(path, [WITH_IDS, *lines], per=per, ids="id" if per else "")
    assert all(row.trade for row in found)
    assert len(set(names(found))) == len(lines)


def test_a_row_twice_is_left_out_the_second_time_with_the_line_of_the_first(tmp_path: Path) -> None:
    found = rows(tmp_path / "a.csv", [WITH_IDS, with_id(1, "X", 1), with_id(2, "X", 1), with_id(1, "X", 1)])
    assert [row.fault for row in found] == ["", "", "it repeats the trade of line 2"]

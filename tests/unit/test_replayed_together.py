"""Several files replayed as one, and files whose trades are not in order of time."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from stockstream.connectors.files.resume import ResumePoints
from stockstream.connectors.files.trade_file import TradeFile
from stockstream.errors import TradeFileError, UsageError
from stockstream.jobs.replay.file import ReplayedFile
from stockstream.jobs.replay.ids import refuse_shared_ids
from stockstream.jobs.replay.options import Manner, ReplayOptions
from stockstream.jobs.replay.rows import Look
from stockstream.jobs.replay.source import ReplaySource
from stockstream.market.files.columns import match
from tests.unit.test_pace import HandClock, PassingTime
from tests.unit.test_replay import BEGIN, drained, line

HEADER = "trade_id,timestamp,symbol,price,volume,trade_type"
QUICK = Manner(None)


def row(number: int, seconds: float, symbol: str) -> str:
    return line(number, seconds, symbol).removesuffix(",x")


def written(folder: Path, name: str, rows: Sequence[str]) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return path


def looks(paths: Sequence[Path], manner: Manner = QUICK, tape: str | None = None) -> list[Look]:
    options = ReplayOptions(manner, {}, None, tape, (), None, None, None)
    files = map(TradeFile, paths)
    return [Look(file, match(file.header, {}), options, Event()) for file in files]


def source(paths: Sequence[Path], clock: HandClock, manner: Manner = QUICK) -> ReplaySource:
    rows = [look.through() for look in looks(paths, manner)]
    files = [
        ReplayedFile(each, ResumePoints(each.file.path.parent / "data", "t", each.file)) for each in rows
    ]
    return ReplaySource(files, manner, clock=clock, chance=np.random.default_rng(1))


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def two(tmp_path: Path) -> list[Path]:
    """Two files of 2,500 trades each that take turns, the second half a second behind the first."""
    return [
        written(tmp_path, f"{name}.csv", [row(n, n + at / 2, name) for n in range(2500)])
        for at, name in enumerate("AB")
    ]


def test_files_are_merged_by_time_and_each_is_a_tape_of_its_own(two: list[Path], clock: HandClock) -> None:
    trades = drained(source(two, clock), Event())
    assert len(trades) == 5000
    assert all(before.timestamp < after.timestamp for before, after in pairwise(trades))
    assert {(trade.symbol, trade.source) for trade in trades} == {("A", "replay:A"), ("B", "replay:B")}


def test_merged_files_keep_the_pace_of_their_times(two: list[Path], clock: HandClock) -> None:
    assert len(drained(source(two, clock, Manner(100.0)), PassingTime(clock))) == 5000
    assert clock.elapsed == pytest.approx(25, abs=0.3)


def test_each_file_goes_on_where_it_stopped(two: list[Path], clock: HandClock) -> None:
    first = source(two, clock)
    begin = first.next_messages(777, Event())
    assert begin is not None
    first.settled()
    first.next_messages(500, Event())
    first.close()
    rest = drained(source(two, clock), Event())
    assert len(begin) + len(rest) == 5000
    assert {(trade.symbol, trade.trade_id) for trade in rest} >= {("A", "2499"), ("B", "2499")}
    assert rest[0].timestamp == BEGIN + timedelta(seconds=388.5)


def test_a_file_that_is_done_before_the_other_is_not_sent_again(tmp_path: Path, clock: HandClock) -> None:
    short = written(tmp_path, "short.csv", [row(n, n, "S") for n in range(10)])
    long = written(tmp_path, "long.csv", [row(n, n, "L") for n in range(100)])
    first = source([short, long], clock)
    # Both to the end of the short one, then the long one alone.
    assert len(first.next_messages(50, Event()) or ()) == 20
    assert len(first.next_messages(30, Event()) or ()) == 30
    first.settled()
    first.close()
    rest = drained(source([short, long], clock), Event())
    assert [trade.trade_id for trade in rest] == [str(n) for n in range(40, 100)]


def test_merged_laps_begin_again_with_all_files(two: list[Path], clock: HandClock) -> None:
    trades = drained(source(two, clock, Manner(None, shift=True, loop=True)), Event(), most=5000, turns=10)
    assert len(trades) > 5000
    assert [trade.symbol for trade in trades[:4]] == ["A", "B", "A", "B"]
    assert all(before.timestamp < after.timestamp for before, after in pairwise(trades))


def test_what_can_be_read_of_the_others_is_sent_where_one_breaks(two: list[Path], clock: HandClock) -> None:
    opened = source(two, clock)
    two[0].unlink()
    assert len(opened.next_messages(5000, Event()) or ()) == 2500
    with pytest.raises(TradeFileError, match=r"A\.csv"):
        opened.next_messages(5000, Event())


def test_one_id_of_one_tape_in_two_files_has_to_be_one_trade(tmp_path: Path) -> None:
    one = written(tmp_path, "mon.csv", [row(n, n, "X") for n in range(20)])
    same = written(tmp_path, "same.csv", [row(n, n, "X") for n in range(10, 30)])
    other = written(tmp_path, "tue.csv", [row(n, n + 86_400, "X") for n in range(20)])
    for paths, tape in (([one, same], "t"), ([one, other], None)):
        opened = looks(paths, tape=tape)
        for look in opened:
            look.through()
        refuse_shared_ids(opened)
    clashing = looks([one, other], tape="t")
    for look in clashing:
        look.through()
    with pytest.raises(
        UsageError, match=r"trade_id \d+ of X is two trades', line \d+ of .*mon\.csv and line"
    ):
        refuse_shared_ids(clashing)


def test_a_file_sorted_by_symbol_says_so_when_it_is_found_and_at_the_end(
    tmp_path: Path, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    rows = [row(n, n, symbol) for symbol in "ABC" for n in range(11_000)]
    opened = source([written(tmp_path, "by symbol.csv", rows)], clock)
    trades = drained(opened, Event())
    opened.settled()
    opened.close()
    assert [trade.symbol for trade in trades] == ["A"] * 11_000 + ["B"] * 11_000 + ["C"] * 11_000
    what, candles = (
        "by symbol.csv is not in order of time:",
        "the candles come out right once they are reconciled",
    )
    assert caplog.messages == [
        f"{what} line 11,002 is 3 hours older than a trade before it; {candles}",
        f"{what} 21,998 of 33,000 trades are older than one before them (up to 3 hours); {candles}",
    ]


@pytest.mark.parametrize("manner", [QUICK, Manner(None, shift=True)])
def test_order_is_not_spoken_of_where_there_is_nothing_to_say(
    two: list[Path], clock: HandClock, caplog: pytest.LogCaptureFixture, manner: Manner
) -> None:
    caplog.set_level("INFO")
    if manner.shift:
        two = [written(two[0].parent, "turned.csv", [row(n, 60 - n, "T") for n in range(60)])]
    opened = source(two, clock, manner)
    drained(opened, Event())
    opened.close()
    assert "order of time" not in caplog.text

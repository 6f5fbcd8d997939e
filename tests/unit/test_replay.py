"""A replayed file: its pace, its places, its laps, and its bad rows."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from stockstream.connectors.files.resume import ResumePoints
from stockstream.connectors.files.trade_file import TradeFile
from stockstream.errors import TradeFileError
from stockstream.jobs.replay.file import ReplayedFile
from stockstream.jobs.replay.options import Manner, ReplayOptions
from stockstream.jobs.replay.rows import Look
from stockstream.jobs.replay.source import ReplaySource
from stockstream.market.files.columns import match
from stockstream.market.trade.codec import decode
from stockstream.market.trade.schema import Trade
from tests.unit.test_pace import START, HandClock, PassingTime

HEADER = "trade_id,timestamp,symbol,price,volume,trade_type,source"
BEGIN = datetime(2026, 1, 5, 14, 30, tzinfo=UTC)


def line(number: int, seconds: float, symbol: str = "AAPL") -> str:
    return f"{number},{(BEGIN + timedelta(seconds=seconds)).isoformat()},{symbol},1.5,{number + 1},BUY,x"


def written(folder: Path, lines: Sequence[str]) -> TradeFile:
    path = folder / "trades.csv"
    path.write_text("\n".join([HEADER, *lines]) + "\n")
    return TradeFile(path)


def source(file: TradeFile, clock: HandClock, manner: Manner) -> ReplaySource:
    options = ReplayOptions(manner, {}, None, None, (), None, None, None)
    rows = Look(file, match(file.header, {}), options, Event()).through()
    points = ResumePoints(file.path.parent / "data", "t", file)
    return ReplaySource([ReplayedFile(rows, points)], manner, clock=clock, chance=np.random.default_rng(1))


def drained(opened: ReplaySource, stop: Event, most: int = 1000, turns: int = 100_000) -> list[Trade]:
    """All that it gives to its end, or in a number of turns."""
    trades: list[Trade] = []
    for _ in range(turns):
        messages = opened.next_messages(most, stop)
        if messages is None:
            return trades
        trades += map(decode, messages.values)
    return trades


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.mark.parametrize(("speed", "seconds"), [(1.0, 60.0), (10.0, 6.0), (0.5, 120.0), (None, 0.0)])
def test_a_file_takes_its_time_divided_by_the_speed(
    tmp_path: Path, clock: HandClock, speed: float | None, seconds: float
) -> None:
    file = written(tmp_path, [line(number, number * 0.5) for number in range(121)])
    trades = drained(source(file, clock, Manner(speed)), PassingTime(clock))
    assert [trade.trade_id for trade in trades] == [str(number) for number in range(121)]
    assert [trade.timestamp for trade in trades] == [BEGIN + timedelta(seconds=n * 0.5) for n in range(121)]
    assert clock.elapsed == pytest.approx(seconds, abs=0.3)


def test_a_trade_that_is_behind_others_comes_with_them(tmp_path: Path, clock: HandClock) -> None:
    file = written(tmp_path, [line(0, 0), line(1, 5), line(2, 1), line(3, 6)])
    trades = drained(source(file, clock, Manner(1.0)), PassingTime(clock))
    assert [trade.trade_id for trade in trades] == ["0", "1", "2", "3"]
    assert clock.elapsed == pytest.approx(6, abs=0.3)


def test_shifted_trades_happen_now_under_new_ids(tmp_path: Path, clock: HandClock) -> None:
    file = written(tmp_path, [line(number, number) for number in range(11)])
    trades = drained(source(file, clock, Manner(5.0, shift=True)), PassingTime(clock))
    now = datetime.fromtimestamp(START / 1e6, UTC)
    ages = [(trade.timestamp - now).total_seconds() for trade in trades]
    assert ages == pytest.approx([number / 5 for number in range(11)], abs=0.06)
    assert {trade.source for trade in trades} == {"replay:trades"}
    assert not {trade.trade_id for trade in trades} & {str(number) for number in range(11)}


def test_a_loop_begins_again_with_other_ids_and_later_times(tmp_path: Path, clock: HandClock) -> None:
    file = written(tmp_path, [line(number, number) for number in range(5)])
    opened = source(file, clock, Manner(None, shift=True, loop=True))
    trades = drained(opened, PassingTime(clock), turns=4)
    assert [int(trade.volume) for trade in trades] == [1, 2, 3, 4, 5] * 4
    assert len({trade.trade_id for trade in trades}) == 20
    assert all(before.timestamp < after.timestamp for before, after in pairwise(trades))


def test_a_replay_goes_on_where_it_was_settled(tmp_path: Path, clock: HandClock) -> None:
    file = written(tmp_path, [line(number, number) for number in range(100)])
    first = source(file, clock, Manner(None))
    begin = [decode(value).trade_id for value in (first.next_messages(30, Event()) or ()).values]  # type: ignore[union-attr]
    first.settled()
    first.next_messages(30, Event())
    first.close()
    rest = drained(source(file, clock, Manner(None)), Event())
    assert begin + [trade.trade_id for trade in rest] == [str(number) for number in range(100)]


def test_a_replay_that_is_done_or_whose_file_changed_begins_anew(tmp_path: Path, clock: HandClock) -> None:
    lines = [line(number, number) for number in range(10)]
    for _ in range(2):
        opened = source(written(tmp_path, lines), clock, Manner(None))
        assert len(drained(opened, Event())) == 10
        opened.settled()
        opened.close()
    stopped = source(written(tmp_path, lines), clock, Manner(None))
    stopped.next_messages(4, Event())
    stopped.settled()
    stopped.close()
    changed = source(written(tmp_path, [*lines, line(10, 10)]), clock, Manner(None))
    assert len(drained(changed, Event())) == 11


def test_bad_rows_are_told_by_their_line_and_counted(
    tmp_path: Path, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    good = [line(number, number) for number in range(30)]
    quoted = line(77, 3).replace("AAPL", '"AA\nPL"')
    lines = [*good[:3], "no,trade", *good[3:5], line(9, 9).replace("1.5", "1.5.1"), "", quoted, *good[5:]]
    opened = source(written(tmp_path, lines), clock, Manner(None))
    trades = drained(opened, Event(), most=4)
    opened.settled()
    opened.close()
    assert [trade.trade_id for trade in trades] == [str(number) for number in range(30)]
    told = "\n".join(caplog.messages)
    assert "line 5: it has 2 cells, the header has 7; left out" in told
    assert "line 8: price '1.5.1': needs a number" in told
    assert "line 10: " in told  # the empty line is no row; a cell may span lines
    assert "bad rows left out: 3; " in told
    (report,) = (tmp_path / "data").glob("t/replay/*.bad-rows.txt")
    assert [each.split(":")[0] for each in report.read_text().splitlines()] == ["line 5", "line 8", "line 10"]


def test_only_the_asked_symbols_are_replayed(tmp_path: Path, clock: HandClock) -> None:
    file = written(tmp_path, [line(number, number, "AAPL" if number % 2 else "MSFT") for number in range(10)])
    opened = source(file, clock, Manner(None, symbols=frozenset({"MSFT"})))
    assert {trade.symbol for trade in drained(opened, Event())} == {"MSFT"}


@pytest.mark.parametrize("name", ["none.csv", "none.parquet", "empty.csv", "text.parquet", "."])
def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty.csv").touch()
    (tmp_path / "text.parquet").write_text("no Parquet")
    with pytest.raises(TradeFileError) as told:
        TradeFile(tmp_path / name)
    assert "\n" not in str(told.value)

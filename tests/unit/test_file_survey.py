"""A first look through a file: what its numbers mean together, and the questions that a person answers."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from threading import Event

import pytest

from stockstream.connectors.files.trade_file import TradeFile
from stockstream.errors import TradeFileError, UsageError
from stockstream.jobs.replay.options import Manner, ReplayOptions
from stockstream.jobs.replay.rows import Look
from stockstream.market.files.columns import match
from stockstream.market.trade.schema import Trade
from tests.replayed_rows import TradeRow, rows_after

START = 1_704_205_800  # 2024-01-02 14:30 UTC


def rows(  # noqa: PLR0913 - what a person may say of a file
    folder: Path,
    times: Sequence[object],
    prices: Sequence[str] = (),
    *,
    unit: str | None = None,
    day: date | None = None,
    shift: int | None = None,
) -> list[TradeRow]:
    path = folder / "trades.csv"
    prices = prices or ["10.5"] * len(times)
    lines = [
        f"{moment},X,{price},{n + 1},BUY" for n, (moment, price) in enumerate(zip(times, prices, strict=True))
    ]
    path.write_text("\n".join(["time,symbol,price,size,side", *lines, ""]))
    file = TradeFile(path)
    options = ReplayOptions(Manner(None), {}, None, None, (), unit, day, shift)
    return rows_after(Look(file, match(file.header, {}), options, Event()).through())


def trades(found: Sequence[TradeRow]) -> list[Trade]:
    return [row.trade for row in found if row.trade]


def test_a_number_that_does_not_fit_the_others_is_a_bad_row(tmp_path: Path) -> None:
    odd = [704_205_800, START * 1000 + 1, 20_240_103, 45_293]
    found = rows(tmp_path, [START, START + 1, *odd, START + 2, START + 3])
    assert [row.line for row in found if not row.trade] == [4, 6, 7]
    assert "timestamp 704205800: needs a number that is a plausible time" in found[2].fault
    assert len(trades(rows(tmp_path, [START, START + 1, odd[0]], unit="s"))) == 3


def test_a_long_history_is_believed_from_its_first_to_its_last_year(tmp_path: Path) -> None:
    assert len(trades(rows(tmp_path, range(1_380_000_000, 1_720_000_000, 10_000_000)))) == 34


def test_prices_through_zero_are_prices(tmp_path: Path) -> None:
    prices = ["0.05", "0.00", "-0.01", "-37.63", "0", "0.56"]
    found = trades(rows(tmp_path, range(START, START + len(prices)), prices))
    assert [each.price for each in found] == [*map(Decimal, prices)]
    with pytest.raises(UsageError, match="cannot be meant"):
        rows(tmp_path, [START], ["-5312250000000"])


@pytest.mark.parametrize("number", ["34200.004", "93000010", "093000", "57600000"])
def test_numbers_that_fit_no_form_are_a_question(tmp_path: Path, number: str) -> None:
    with pytest.raises(UsageError, match=r"line 2: .*; name (it: --time-unit|the column of its date)"):
        rows(tmp_path, [number, number])


def test_days_are_believed_only_where_all_numbers_are(tmp_path: Path) -> None:
    assert len(trades(rows(tmp_path, ["45293.5", "45294.5"]))) == 2
    with pytest.raises(UsageError, match="--time-unit"):
        rows(tmp_path, ["36527.5", "45294.5", "57600.1"])


def test_a_broken_row_does_not_speak_against_the_form_of_the_others(tmp_path: Path) -> None:
    days = [f"{45_293 + number}.5" for number in range(20)]
    assert [row.line for row in rows(tmp_path, [*days, "0", *days]) if not row.trade] == [22]
    clocks = [f"10:00:{number:02}" for number in range(20)]
    found = rows(tmp_path, [*clocks, "7", *clocks], day=date(2024, 1, 2))
    assert [row.line for row in found if not row.trade] == [22]


def test_times_of_day_are_a_question_and_the_day_answers_it(tmp_path: Path) -> None:
    for words in (["10:00:00", "10:00:01"], ["93000010", "93001000"]):
        with pytest.raises(UsageError, match="is a time of day without a date; name the column of its date"):
            rows(tmp_path, words)
        found = trades(rows(tmp_path, words, day=date(2024, 1, 2)))
        assert {trade.timestamp.date() for trade in found} == {date(2024, 1, 2)}
        assert len(found) == 2


@pytest.mark.parametrize(
    ("prices", "what"),
    [
        (["5312250000000"], "price 5312250000000 of X cannot be meant"),
        (
            ["10.5", "10.6", "10600000.5"],
            "price 10600000.5 of X and 10.6 of line 3 are 1,000,000 times apart",
        ),
        (["187.12", "0.00001"], "are 18,712,000 times apart"),
    ],
)
def test_a_price_that_cannot_be_meant_is_a_question_with_two_answers(
    tmp_path: Path, prices: list[str], what: str
) -> None:
    times = [START + number for number in range(len(prices))]
    with pytest.raises(UsageError) as refused:
        rows(tmp_path, times, prices)
    assert what in str(refused.value)
    assert "--price-scale" in str(refused.value)
    assert len(trades(rows(tmp_path, times, prices, shift=0))) == len(prices)


def test_prices_in_other_units_are_scaled_exactly(tmp_path: Path) -> None:
    (trade,) = trades(rows(tmp_path, [START], ["5312250000000"], shift=9))
    assert str(trade.price) == "5312.25"


@pytest.mark.parametrize(
    ("times", "reason"),
    [
        (
            ["14/04/2020 10:41:00", "yesterday"],
            "none of its 2 rows is a trade; line 2: timestamp '14/04/2020",
        ),
        ([], "it has no rows"),
    ],
)
def test_a_file_without_a_trade_says_why(tmp_path: Path, times: list[str], reason: str) -> None:
    with pytest.raises(TradeFileError) as refused:
        rows(tmp_path, times)
    assert reason in str(refused.value)


def test_a_time_far_ahead_is_said_at_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("WARNING")
    ahead = datetime.now(UTC).year + 75
    rows(tmp_path, ["2024-07-01T13:30:00Z", f"{ahead}-07-01T13:30:00Z", "2024-07-01T13:30:01Z"])
    assert f"line 3: the trade of {ahead}-07-01T13:30:00+00:00 lies 7" in "\n".join(caplog.messages)

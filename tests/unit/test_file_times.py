"""Times of other people's files: every usual spelling, and no number that cannot be meant."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockstream.errors import BadTradeError
from stockstream.market.files.times import EARLIEST_NUMBER, EPOCH, MICRO, TimeReader, TimeRule

UNTIL = datetime(2027, 12, 1, tzinfo=UTC)
AUTO = TimeReader(TimeRule.plausible(UNTIL))
NAIVE = datetime(2023, 11, 14, 22, 13, 20, 123456)  # noqa: DTZ001 - as Parquet files have them


@pytest.mark.parametrize(
    "word",
    [
        *("1700000000.123456", "1700000000123.456", "1700000000123456", "1700000000123456000"),
        *("2023-11-14T22:13:20.123456Z", "2023-11-14 22:13:20.123456", "2023-11-14T23:13:20.123456+01:00"),
        *("1.700000000123456e9", " 1700000000.123456 ", 1700000000123456, Decimal("1700000000.123456")),
        *(NAIVE, NAIVE.replace(tzinfo=UTC)),
    ],
)
def test_a_time_is_read_in_any_of_the_usual_ways(word: object) -> None:
    assert AUTO.read(word) == NAIVE.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("word", "moment"),
    [
        ("20240102", "2024-01-02T00:00:00"),
        ("202401020930", "2024-01-02T09:30:00"),
        ("20240102093001", "2024-01-02T09:30:01"),
        ("20240102093001250", "2024-01-02T09:30:01.250"),
        ("45293.3958333333", "2024-01-02T09:30:00"),
        ("45293", "2024-01-02T00:00:00"),
        (date(2024, 1, 2), "2024-01-02T00:00:00"),
    ],
)
def test_dates_as_numbers_are_the_right_day(word: object, moment: str) -> None:
    assert AUTO.read(word) == datetime.fromisoformat(moment).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "word",
    [
        *("0", "1", "-1700000000", "34200.004241176", "57600", "93000010", "093000", "235959999"),
        *("20241302", "20240230", "99999999", "123456789", "9999999999999999999", "1e300", "7.5"),
    ],
)
def test_a_number_that_is_no_plausible_time_is_refused(word: str) -> None:
    with pytest.raises(BadTradeError, match="needs a number that is a plausible time"):
        AUTO.read(word)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6) | st.integers().map(Decimal))
def test_whatever_is_believed_is_plausible(number: Decimal) -> None:
    try:
        moment = AUTO.read(number)
    except BadTradeError:
        return
    assert EARLIEST_NUMBER <= moment < UNTIL


@given(st.datetimes(EARLIEST_NUMBER.replace(tzinfo=None), UNTIL.replace(tzinfo=None) - MICRO))
def test_a_count_is_the_same_time_in_every_unit(naive: datetime) -> None:
    moment = naive.replace(tzinfo=UTC)
    micros = Decimal((moment - EPOCH) // MICRO)
    for scale in (-6, -3, 0, 3):
        assert AUTO.read(micros.scaleb(scale)) == moment


@pytest.mark.parametrize(
    ("day", "clock"),
    [
        ("2024-01-02", "09:30:00.5"),
        ("20240102", "093000500"),
        ("20240102", "93000500"),
        ("20240102", "093000500000"),
        (20240102, 93000500),
        (date(2024, 1, 2), time(9, 30, 0, 500_000)),
        (datetime(2024, 1, 2), "09:30:00.500"),  # noqa: DTZ001 - as Arrow has days
        ("2024-01-02", "10:30:00.5+01:00"),
    ],
)
def test_a_date_and_a_time_of_day_are_one_time(day: object, clock: object) -> None:
    assert AUTO.read(clock, day) == datetime(2024, 1, 2, 9, 30, 0, 500_000, UTC)


@pytest.mark.parametrize(("day", "clock"), [("2024-13-02", "09:30:00"), ("x", "093000"), ("", "09:30")])
def test_a_date_that_is_none_is_refused(day: str, clock: str) -> None:
    with pytest.raises(BadTradeError, match="needs a date"):
        AUTO.read(clock, day)


def test_a_day_can_be_given_for_all_times_of_day() -> None:
    reader = TimeReader(TimeRule.plausible(UNTIL, date(2024, 1, 2)))
    assert reader.read("10:00:00.1234567") == datetime(2024, 1, 2, 10, 0, 0, 123456, UTC)
    assert reader.read("2024-03-04T10:00:00Z") == datetime(2024, 3, 4, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("unit", "number", "year"),
    [
        ("s", "100000000", 1973),
        ("ms", "1700000000", 1970),
        ("days", "30000", 1982),
        ("date", "19500102", 1950),
    ],
)
def test_a_unit_that_is_named_is_believed(unit: str, number: str, year: int) -> None:
    assert TimeReader(TimeRule.named(unit)).read(number).year == year


@given(st.text(max_size=40) | st.integers() | st.decimals() | st.booleans() | st.none())
def test_any_cell_is_a_time_or_refused(cell: object) -> None:
    for reader in (AUTO, *(TimeReader(TimeRule.named(unit)) for unit in ("s", "ns", "days", "date"))):
        for day in (None, "20240102"):
            try:
                assert reader.read(cell, day).tzinfo is UTC
            except BadTradeError as refused:
                assert "needs a" in str(refused)  # noqa: PT017 - what is not refused is a time

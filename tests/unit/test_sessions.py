"""The sessions of exchanges, as the library has them: days of clock changes, half days, holidays."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from stockstream.connectors.calendars import MODULE, days_of, schedule_of
from stockstream.errors import SettingsError
from stockstream.market.sessions.schedule import UTC_DAYS, Days, Schedule

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def schedule(name: str) -> Schedule:
    found = schedule_of(name)
    assert found is not None
    return found


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def hours_on(name: str, day: str) -> list[tuple[str, str]]:
    """Return the hours of a day's session, as times of day in UTC."""
    noon = at(f"{day} 12:00")
    wanted = date.fromisoformat(day)
    hours = [each for each in schedule(name).hours(noon - DAY, noon + DAY) if each.day == wanted]
    return [(f"{each.open:%d %H:%M}", f"{each.close:%d %H:%M}") for each in hours]


@pytest.mark.parametrize(
    ("name", "day", "hours"),
    [
        ("XNYS", "2026-03-06", [("06 14:30", "06 21:00")]),  # before the clocks change
        ("XNYS", "2026-03-09", [("09 13:30", "09 20:00")]),  # and after
        ("XNYS", "2013-11-29", [("29 14:30", "29 18:00")]),  # the day after Thanksgiving ends at 13:00
        ("XNYS", "2013-11-28", []),
        ("XNYS", "2013-11-30", []),  # a Saturday
        ("XLON", "2026-03-30", [("30 07:00", "30 15:30")]),
        ("CMES", "2026-03-09", [("08 22:00", "09 22:00")]),  # Globex opens on Sunday
        ("XHKG", "2026-03-09", [("09 01:30", "09 04:00"), ("09 05:00", "09 08:00")]),  # a pause at noon
    ],
)
def test_a_session_has_the_hours_of_its_exchange(name: str, day: str, hours: list[tuple[str, str]]) -> None:
    assert hours_on(name, day) == hours


@pytest.mark.parametrize(
    ("name", "moment", "day"),
    [
        ("XNYS", "2026-03-09 03:59", "2026-03-08"),  # 23:59 in New York, where summer time began
        ("XNYS", "2026-03-09 04:00", "2026-03-09"),
        ("XNYS", "2026-11-02 04:59", "2026-11-01"),  # and where it ended
        ("XNYS", "2026-11-02 05:00", "2026-11-02"),
        ("CMES", "2026-03-08 22:00", "2026-03-09"),
        ("24/7", "2026-03-09 03:59", "2026-03-09"),
    ],
)
def test_a_moment_belongs_to_the_day_of_the_exchange(name: str, moment: str, day: str) -> None:
    days = days_of(name)
    assert days.day_of(at(moment)) == date.fromisoformat(day)
    assert days.start_of(date.fromisoformat(day)) <= at(moment) < days.start_of(date.fromisoformat(day) + DAY)


def test_a_day_in_which_the_clocks_change_has_another_length() -> None:
    days = Days("America/New_York")
    lengths = [
        days.start_of(day + DAY) - days.start_of(day)
        for day in (date(2026, 3, 7), date(2026, 3, 8), date(2026, 11, 1))
    ]
    assert lengths == [24 * HOUR, 23 * HOUR, 25 * HOUR]


def test_what_never_closes_has_no_schedule() -> None:
    assert schedule_of("24/7") is None
    assert days_of("24/7") == UTC_DAYS


def test_a_moment_is_open_from_the_open_to_before_the_close() -> None:
    new_york = schedule("XNYS")
    told = [new_york.is_open(at(f"2013-11-29 {time}")) for time in ("14:29", "14:30", "17:59:59", "18:00")]
    assert told == [False, True, True, False]


@pytest.mark.parametrize(
    ("moment", "latest"),
    [
        ("2013-11-29 15:00", "2013-11-29 15:00"),
        ("2013-11-29 23:00", "2013-11-29 17:59:59.999999"),
        ("2013-12-01 12:00", "2013-11-29 17:59:59.999999"),
        ("1900-01-01 12:00", "1900-01-01 12:00"),
    ],
)
def test_the_latest_moment_of_trading_ends_with_its_session(moment: str, latest: str) -> None:
    assert schedule("XNYS").latest(at(moment)) == at(latest)


@pytest.mark.parametrize(
    ("moment", "length", "since"),
    [
        ("2013-11-29 15:30", 1.0, "2013-11-29 14:30"),
        ("2013-11-29 15:00", 1.0, "2013-11-27 20:30"),  # past the holiday
        ("2013-12-02 15:30", 4.5, "2013-11-29 14:30"),  # past the weekend, all of the half day
        ("2013-12-01 12:00", 1.0, "2013-11-29 17:00"),
    ],
)
def test_closed_time_does_not_count(moment: str, length: float, since: str) -> None:
    assert schedule("XNYS").before(at(moment), length * HOUR) == at(since)


def test_a_session_with_a_pause_closes_once() -> None:
    closings = schedule("XHKG").closings(at("2026-03-09 00:00"), at("2026-03-10 00:00"))
    assert [each.close for each in closings] == [at("2026-03-09 08:00")]


def test_sessions_are_in_order_and_apart_and_on_the_day_of_the_exchange() -> None:
    for name in ("XNYS", "CMES", "XTKS", "24/5"):
        found = schedule(name)
        assert all(begin < end for begin, end in zip(found.opens, found.closes, strict=True))
        assert all(end <= begin for end, begin in zip(found.closes, found.opens[1:], strict=False))
        zone = ZoneInfo(found.days.zone)
        hours = found.hours(at("2024-01-01 00:00"), at("2027-01-01 00:00"))
        assert len(hours) > 700
        assert all(found.days.day_of(each.open) == each.day for each in hours)
        assert all(each.open.astimezone(zone).second == 0 for each in hours)


def test_an_unknown_name_gets_one_line_that_tells_how_to_see_the_others() -> None:
    with pytest.raises(SettingsError) as refusal:
        schedule_of("XNYSE")
    assert str(refusal.value).startswith("CALENDARS=XNYSE: no such calendar; python -m ")
    told = subprocess.run(
        [sys.executable, "-m", MODULE], check=True, capture_output=True, text=True
    ).stdout.split()
    assert {"XNYS", "XLON", "CMES", "24/7"} <= {*told}


def test_calendars_are_read_wherever_a_script_is_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert schedule_of.__wrapped__("24/5") is not None


def test_pandas_and_numpy_stay_out_of_the_process() -> None:
    code = f"""
import sys
from {MODULE} import schedule_of
assert schedule_of("XNYS")
print({{"numpy", "pandas"}} & {{*sys.modules}})
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "set()\n"

"""What may stand in an address: each value is read as the page writes it, and the rest is named."""

import re
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockstream.settings import PROJECT
from stockstream.ui.data.window import WIDTHS, WORDS
from stockstream.ui.html.ranking_columns import COLUMN_OF
from stockstream.ui.parameters import FIRST, LAST, PARAMETERS, read, texts

ROW = re.compile(r"^\| (`\w+`(?:, `\w+`)*) \| ", re.MULTILINE)


def test_the_documented_parameters_are_those_that_are_read() -> None:
    document = (PROJECT / "docs" / "dashboard.md").read_text("utf-8")
    table = document.split("| key | values |")[1].split("\n\n")[0]
    names = [name for row in ROW.findall(table) for name in re.findall(r"\w+", row)]
    assert sorted(names) == sorted(PARAMETERS)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("window", sorted(WORDS)),
        ("width", sorted(WIDTHS)),
        ("order", sorted(COLUMN_OF)),
        ("times", ["mine", "UTC"]),
        ("theme", ["browser", "light", "dark"]),
        ("prices", ["change", "price"]),
        ("anomalies", ["true", "false"]),
        ("trades", ["10", "200"]),
        ("refresh", ["1", "10"]),
        ("score", ["1", "2.5", "10"]),
        ("symbols", ["AAPL", "BTC-USD", "ETH/EUR", "VOD.L"]),
        ("candles", ["most value", "AAPL"]),
        ("kind", ["price_spike"]),
        ("method", ["isolation_forest"]),
    ],
)
def test_a_value_is_read_as_it_is_written(name: str, values: list[str]) -> None:
    for value in values:
        assert read({name: [value]}) == ({name: [value]}, [])


@pytest.mark.parametrize(
    ("name", "old", "value"),
    [
        ("window", "from\u2013to", "range"),
        ("times", "my time zone", "mine"),
        ("theme", "auto", "browser"),
        ("prices", "Price", "price"),
        ("paused", "TRUE", "true"),
        ("symbol", "aapl", "AAPL"),
    ],
)
def test_what_older_versions_wrote_is_read_as_its_value(name: str, old: str, value: str) -> None:
    assert read({name: [old]}) == ({name: [value]}, [])


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-23T10:00",
        "2026-11-23T10:00:59",
        "2026-11-23T10:00Z",
        "2026-11-23T11:00+01:00",
        "2026-11-23T11:00 01:00",
        "2026-11-23 10:00",
    ],
)
def test_a_time_of_any_zone_is_the_same_minute_in_utc(written: str) -> None:
    assert read({"window": ["range"], "from": [written]})[0]["from"] == ["2026-11-23T10:00"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("window", "7m"),
        ("trades", "9"),
        ("trades", "201"),
        ("trades", "30.5"),
        ("refresh", "0"),
        ("score", "nan"),
        ("paused", "maybe"),
        ("symbol", "<b>"),
        ("symbols", "A" * 33),
        ("kind", ""),
        ("to", "soon"),
        ("from", "1969-12-31T23:59"),
        ("from", "0001-01-01T00:00+14:00"),
    ],
)
def test_what_cannot_be_used_is_named_with_what_can(name: str, value: str) -> None:
    usable, (problem,) = read({"window": ["range"], name: [value]} if name != "window" else {name: [value]})
    assert name not in usable
    assert problem == f"{name}={value} (takes {PARAMETERS[name].takes})"


def test_one_bad_symbol_leaves_the_others() -> None:
    assert read({"symbols": ["AAPL", "!", "MSFT"]})[0] == {"symbols": ["AAPL", "MSFT"]}


def test_a_value_that_is_there_twice_counts_once() -> None:
    assert read({"window": ["5m", "60m"]}) == (
        {"window": ["60m"]},
        ["window more than once (the last one counts)"],
    )


def test_a_range_counts_with_its_window_alone() -> None:
    usable, problems = read({"window": ["5m"], "from": ["2026-11-23T10:00"]})
    assert usable == {"window": ["5m"]}
    assert problems == ["from (counts with window=range alone)"]


@given(st.dictionaries(st.sampled_from(sorted(PARAMETERS)), st.lists(st.text(max_size=50), max_size=3)))
def test_what_was_read_is_read_as_it_is(query: dict[str, list[str]]) -> None:
    usable, _ = read(query)
    assert read(usable) == (usable, [])


@given(st.datetimes(FIRST, LAST))
def test_a_time_comes_back_from_the_address(moment: datetime) -> None:
    minute = moment.replace(second=0, microsecond=0)
    assert read({"window": ["range"], "to": texts(minute)})[0]["to"] == texts(minute)

"""The orders of the table: each column both ways, and what has no value at the end."""

from dataclasses import replace

import pytest

from stockstream.ui.html.ranking_columns import COLUMN_OF, heads, ordered
from tests.unit.test_ui_elements import standing


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("gainers", ["UP", "FLAT", "DOWN"]),
        ("losers", ["DOWN", "FLAT", "UP"]),
        ("value", ["DOWN", "FLAT", "UP"]),
        ("least-value", ["UP", "FLAT", "DOWN"]),
        ("last", ["UP", "FLAT", "DOWN"]),
        ("anomalies", ["FLAT", "DOWN", "UP"]),
        ("fewest-anomalies", ["DOWN", "UP", "FLAT"]),
        ("symbol", ["DOWN", "FLAT", "UP"]),
        ("symbol-reversed", ["UP", "FLAT", "DOWN"]),
        ("no such order", ["DOWN", "FLAT", "UP"]),
    ],
)
def test_the_table_stands_in_the_chosen_order(order: str, expected: list[str]) -> None:
    rows = [standing("UP", "110", "1"), standing("DOWN", "90", "3"), standing("FLAT", "100", "2", 5)]
    assert [row.symbol for row in ordered(rows, order)] == expected


@pytest.mark.parametrize("order", ["gainers", "losers"])
def test_what_has_no_value_stands_at_the_end(order: str) -> None:
    rows = [replace(standing("QUIET", "1"), open=None), standing("UP", "110"), standing("DOWN", "90")]
    assert [row.symbol for row in ordered(rows, order)][-1] == "QUIET"


@pytest.mark.parametrize("order", COLUMN_OF)
def test_two_clicks_on_a_head_come_back_to_the_same_order(order: str) -> None:
    (sorted_now,) = [head for head in heads(order, "$") if head.sort in {"ascending", "descending"}]
    assert sorted_now.order is not None
    (reversed_now,) = [head for head in heads(sorted_now.order, "$") if head.text == sorted_now.text]
    assert reversed_now.order == order
    assert {sorted_now.sort, reversed_now.sort} == {"ascending", "descending"}

"""Ids of every spelling: each trade counts once, and no two of different ids are taken for one."""

import random
from dataclasses import replace
from uuid import UUID

import pytest

from tests.unit.windows_tape import Desk, Tick

UUIDS = [str(UUID(int=random.Random(number).getrandbits(128))) for number in range(3)]  # noqa: S311
SPELLED = [
    *("7", "07", "700", "a" * 7, "a" * 8, "a" * 15, "a" * 16, "a" * 64, "é", "日本", "with space", "x" * 36),
    *UUIDS,
    UUIDS[0].upper(),
    UUIDS[0].replace("-", ""),
    f"{{{UUIDS[0]}}}",
    UUIDS[0][:-1] + "g",
]


@pytest.mark.parametrize("cut", [1, len(SPELLED)])
def test_each_id_counts_once_however_it_is_spelled(cut: int) -> None:
    desk = Desk()
    ticks = [Tick(number / 10, name=name) for number, name in enumerate(SPELLED)]
    desk.produce(*ticks, *ticks)
    for _ in range(0, 2 * len(ticks), cut):
        desk.read(cut)
    desk.store()
    assert desk.counts() == {("AAPL", 0): len(SPELLED)}


def test_repeats_are_known_after_much_was_forgotten_and_the_room_was_taken_anew() -> None:
    desk = Desk()
    minutes = [
        [
            Tick(60 * minute + number / 100, f"S{number % 50}", name=f"{minute}-{number}")
            for number in range(3_000)
        ]
        for minute in range(8)
    ]
    for ticks in minutes:
        desk.trade(*ticks, *ticks[::7])
    assert set(desk.counts().values()) == {60}
    assert desk.late == []
    repeated = [replace(tick, second=tick.second + 0.001) for tick in minutes[-1]]
    desk.trade(*repeated)
    assert set(desk.counts().values()) == {60}

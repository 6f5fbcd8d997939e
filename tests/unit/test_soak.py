"""What the long benches judge by: slopes of memory, faults to come, and the tape held against the topic."""

from pathlib import Path

import numpy as np
import pytest

from bench.harness.disk_room import require_room
from bench.harness.fault_schedule import FAULTS, schedule
from bench.harness.memory import Footprint, growths
from bench.load.sustainable_rate import highest
from bench.load.tape_of_topic import compared
from stockstream.errors import UsageError

MB = 1_000_000


def life(number: int, begin: int, uss: list[float]) -> list[Footprint]:
    """A life of a process with a sample each five seconds."""
    return [
        Footprint(begin + 5 * at, "consumer", str(number), 5.0 * at, int(held), int(held), int(held))
        for at, held in enumerate(uss)
    ]


def test_a_process_that_is_killed_before_it_grows_far_is_still_seen_to_grow() -> None:
    runs = [life(number, 600 * number, [100 * MB + 5_000 * at for at in range(100)]) for number in range(4)]
    (found,) = growths([each for one in runs for each in one], warm_up=60)
    assert found.runs == 4
    assert found.slope == pytest.approx(3.6 * MB)


def test_a_new_life_that_begins_lower_is_no_loss_of_memory_and_one_that_begins_higher_no_growth() -> None:
    runs = life(1, 0, [200 * MB] * 50) + life(2, 250, [100 * MB] * 50) + life(3, 500, [300 * MB] * 50)
    (found,) = growths(runs, warm_up=60)
    assert (found.slope, found.longest) == (0, (0, 0, 0))


def test_neither_warm_up_nor_a_few_wild_samples_are_growth() -> None:
    chance = np.random.default_rng(1)
    held = 150 * MB + chance.normal(0, MB / 10, 200)
    held[:12] = np.linspace(20 * MB, 150 * MB, 12)
    held[chance.integers(20, 200, 20)] *= 3
    (found,) = growths(life(1, 0, held.tolist()), warm_up=60)
    assert found.slope == pytest.approx(0, abs=MB)
    assert found.peak > 400 * MB


def test_a_life_too_short_to_tell_has_no_slope() -> None:
    (found,) = growths(life(1, 0, [100.0 * MB] * 20), warm_up=60)
    assert (found.slope, found.longest, found.runs) == (None, None, 1)


@pytest.mark.parametrize("seed", range(5))
def test_faults_come_in_order_within_the_run_and_none_is_left_out(seed: int) -> None:
    faults = schedule(seed, 3600, 60)
    assert [fault.at for fault in faults] == sorted(fault.at for fault in faults)
    assert faults[-1].at <= 3600 - 30
    assert {(fault.kind, fault.target) for fault in faults} == set(FAULTS)
    assert all(fault.seconds <= 30 for fault in faults)


def test_a_run_too_short_for_a_fault_has_none() -> None:
    assert schedule(1, 30, 60) == []


def test_each_way_in_which_a_tape_can_differ_from_its_topic_is_counted() -> None:
    topic = {0: np.arange(1, 101), 1: np.arange(101, 201)}
    assert compared(topic, topic, strays=0, doubles=0).lost == 0
    tape = {0: topic[0].copy(), 1: topic[1].copy()}
    tape[0][:3] = 0  # never stored
    tape[1][4] = 999  # not what was sent
    tape[1][5] = tape[1][6]  # another's id
    found = compared(topic, tape, strays=1, doubles=2)
    assert (found.messages, found.lost, found.twice, found.foreign) == (200, 3, 3, 3)


@pytest.mark.parametrize(("limit", "found"), [(100_000, 100_000), (37_000, 35_000), (900, 625)])
def test_the_rate_that_is_found_was_seen_to_be_sustained(limit: int, found: int) -> None:
    tried: dict[int, bool] = {}

    def is_sustained(rate: int) -> bool:
        return tried.setdefault(rate, rate <= limit)

    assert highest(is_sustained) == found
    assert tried[found]


def test_a_disk_without_room_is_told_with_what_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(
        UsageError, match=r"need about [\d,]+ GB in .*; ask for fewer, or name another folder"
    ):
        require_room(1e12)

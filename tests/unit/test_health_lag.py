"""Lag: a job is judged by its distance to the ends of the topic, seen twice."""

import pytest

from stockstream.connectors.postgres.read.probes import Progress
from stockstream.jobs.health.check_result import State
from stockstream.jobs.health.lag import Reading, judge_lag
from stockstream.jobs.health.samples import SamplePair

LIMIT = 10.0
REMEDY = "start it"


def reading(
    ends: tuple[list[int], list[int]], places: tuple[list[int], list[int]], idle: float = 0.1
) -> Reading:
    before, after = ({p: Progress(offset, idle) for p, offset in enumerate(each)} for each in places)
    return Reading(SamplePair(*(dict(enumerate(each)) for each in ends)), SamplePair(before, after))


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        pytest.param(
            reading(([5, 5], [5, 5]), ([5, 5], [5, 5]), idle=3600), State.OK, id="quiet for an hour"
        ),
        pytest.param(reading(([5], [7]), ([5], [7])), State.OK, id="keeps up"),
        pytest.param(reading(([900], [900]), ([0], [0])), State.OK, id="a batch under way"),
        pytest.param(
            reading(([500_000], [550_000]), ([100_000], [150_000])),
            State.OK,
            id="a few seconds of a fast flow",
        ),
        pytest.param(reading(([9_000], [9_000]), ([0], [4_000])), State.WAITING, id="catches up"),
        pytest.param(reading(([9_000], [9_100]), ([0], [50])), State.FAILED, id="falls behind"),
        pytest.param(reading(([8], [9]), ([5], [5]), idle=60), State.FAILED, id="stands still"),
        pytest.param(
            reading(([5], [6]), ([5], [5]), idle=60), State.OK, id="one has just come after a quiet hour"
        ),
        pytest.param(reading(([5], [5]), ([9], [9])), State.FAILED, id="the topic was recreated"),
    ],
)
def test_a_job_is_judged_by_whether_it_gets_nearer(seen: Reading, state: State) -> None:
    assert judge_lag("consumer", seen, LIMIT, REMEDY).state is state


def test_one_partition_that_stands_still_is_named_while_the_others_flow() -> None:
    seen = reading(([9, 9], [20, 20]), ([9, 4], [20, 4]), idle=60)
    check = judge_lag("consumer", seen, LIMIT, REMEDY)
    assert check.state is State.FAILED
    assert check.detail == "stands still in partition 1: 16 to read, 16 of them in partition 1"


def test_the_worst_partition_is_named() -> None:
    check = judge_lag("consumer", reading(([9, 9], [20, 20]), ([9, 9], [18, 13])), LIMIT, REMEDY)
    assert check.detail == "9 to read, 7 of them in partition 1"


def test_a_job_that_never_ran_is_not_healthy() -> None:
    check = judge_lag("aggregator", reading(([1], [1]), ([], [])), LIMIT, REMEDY)
    assert (check.state, check.remedy) == (State.FAILED, REMEDY)

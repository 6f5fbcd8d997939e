"""Processes, models, the time a look may take, and the report."""

import json
from pathlib import Path
from threading import Event

import pytest

from stockstream.errors import ServiceError
from stockstream.jobs.health.detector import judge_models, models_in
from stockstream.jobs.health.processes import Process, judge_processes
from stockstream.jobs.health.report import document, lines
from stockstream.jobs.health.sight import Glance
from stockstream.jobs.health.tables import TablesSight
from stockstream.jobs.health.verdict import State, failed, is_healthy, ok, waiting

OLD = [Process(name, "RUNNING", 1, 300) for name in ("producer", "aggregator", "detector", "dashboard")]


def states(*processes: Process) -> list[State]:
    return [check.state for check in judge_processes(processes)]


def test_a_process_that_has_just_come_back_is_named() -> None:
    assert states(*OLD, Process("consumer", "RUNNING", 2, 4))[-1] is State.FAILED
    assert states(*OLD, Process("consumer", "RUNNING", 2, 10.1))[-1] is State.OK


def test_a_system_that_has_just_started_is_not_taken_for_one_that_restarts() -> None:
    servers = [Process("kafka", "RUNNING", 1, 16), Process("postgresql", "RUNNING", 1, 17)]
    young = [Process(name, "RUNNING", 1, 3) for name in ("producer", "consumer", "aggregator")]
    assert set(states(*servers, *young)) == {State.OK}


@pytest.mark.parametrize("state", ["STARTING", "BACKOFF", "EXITED", "FATAL", "STOPPED"])
def test_a_process_that_does_not_run_is_named(state: str) -> None:
    check = judge_processes([*OLD, Process("consumer", state, None, 0)])[-1]
    assert (check.state, check.name, check.detail) == (
        State.FAILED,
        "process consumer",
        f"is {state.lower()}",
    )


def test_processes_run_by_hand_are_no_fault() -> None:
    assert states() == [State.WAITING]


def test_a_missing_model_tells_how_many_trades_are_missing(tmp_path: Path) -> None:
    (tmp_path / ".gitkeep").touch()
    assert models_in(tmp_path) == models_in(tmp_path / "nowhere") == 0
    check = judge_models(0, TablesSight(fewest=("NVDA", 412)))
    assert (check.state, check.detail) == (
        State.WAITING,
        "none yet: needs 1,000 trades a symbol; the smallest, NVDA, has 412",
    )
    assert judge_models(0, TablesSight(fewest=("NVDA", 1_000))).remedy == "python anomaly_detector.py train"


def test_a_model_is_found(tmp_path: Path) -> None:
    (tmp_path / "AAPL").mkdir()
    (tmp_path / "AAPL" / "forest").touch()
    assert judge_models(models_in(tmp_path), None).state is State.OK


def test_a_look_that_hangs_is_left_behind() -> None:
    for_ever = Event()
    met = Glance(for_ever.wait, seconds=0.01).seen()
    for_ever.set()
    assert isinstance(met, ServiceError)
    assert str(met) == "no answer within 0.01 seconds"


CHECKS = [
    ok("kafka", "answers"),
    waiting("model", "none yet"),
    failed("consumer", "stands still", "start it"),
]


def test_waiting_is_healthy_and_failing_is_not() -> None:
    assert is_healthy(CHECKS[:2])
    assert not is_healthy(CHECKS)


def test_the_report_has_a_line_a_check_with_its_remedy() -> None:
    assert [line.plain for line in lines(CHECKS)] == [
        "ok       kafka     answers",
        "waiting  model     none yet",
        "failed   consumer  stands still → start it",
        "not healthy: consumer",
    ]


def test_the_document_says_the_same() -> None:
    said = json.loads(document(CHECKS))
    assert said["healthy"] is False
    assert said["checks"][2] == {
        "name": "consumer",
        "state": "failed",
        "detail": "stands still",
        "remedy": "start it",
    }

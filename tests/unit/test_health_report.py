"""Processes, models, the time a look may take, and the report."""

import json
from pathlib import Path
from threading import Event

import pytest

from stockstream.connectors.models.registry import DriftNote, ModelStore
from stockstream.errors import ServiceError
from stockstream.jobs.health.check_result import State, failed, is_healthy, ok, waiting
from stockstream.jobs.health.detector import ModelsSample, judge_models, look_at_models
from stockstream.jobs.health.processes import Process, judge_processes, remedy_for
from stockstream.jobs.health.report import document, lines
from stockstream.jobs.health.samples import BackgroundProbe
from stockstream.jobs.health.tables import TablesSample

LOG = Path("logs/it.log")
OLD = [Process(name, "running", 1, 300, LOG) for name in ("producer", "aggregator", "detector", "dashboard")]


def states(*processes: Process) -> list[State]:
    return [check.state for check in judge_processes(processes)]


def test_a_process_that_has_just_come_back_is_named() -> None:
    assert states(*OLD, Process("consumer", "running", 2, 4, LOG))[-1] is State.FAILED
    assert states(*OLD, Process("consumer", "running", 2, 10.1, LOG))[-1] is State.OK


def test_a_system_that_has_just_started_is_not_taken_for_one_that_restarts() -> None:
    servers = [Process("kafka", "running", 1, 16, LOG), Process("postgresql", "running", 1, 17, LOG)]
    young = [Process(name, "running", 1, 3, LOG) for name in ("producer", "consumer", "aggregator")]
    assert set(states(*servers, *young)) == {State.OK}


@pytest.mark.parametrize("state", ["starting", "backoff", "exited", "fatal", "stopped"])
def test_a_process_that_does_not_run_is_named(state: str) -> None:
    check = judge_processes([*OLD, Process("consumer", state, 0, 0, LOG)])[-1]
    assert (check.state, check.name, check.detail) == (
        State.FAILED,
        "process consumer",
        f"is {state}",
    )


def test_processes_run_by_hand_are_no_fault() -> None:
    assert states() == [State.WAITING]


def test_a_part_that_start_sh_runs_has_its_log_for_a_remedy_and_another_its_command() -> None:
    assert remedy_for("producer", "python producer.py", OLD) == f"see {LOG}"
    assert remedy_for("producer", "python producer.py", []) == "run: python producer.py, or ./start.sh"


def test_a_missing_model_tells_how_many_trades_are_missing() -> None:
    check = judge_models(ModelsSample(0), TablesSample(fewest=("NVDA", 412)))
    assert (check.state, check.detail) == (
        State.WAITING,
        "none yet: needs 1,000 trades a symbol; the smallest, NVDA, has 412",
    )
    assert (
        judge_models(ModelsSample(0), TablesSample(fewest=("NVDA", 1_000))).remedy
        == "python anomaly_detector.py train"
    )


def test_a_model_is_well_whatever_the_tables_say() -> None:
    assert judge_models(ModelsSample(1), None).state is State.OK


def test_models_tell_their_age_and_a_drifted_one_its_remedy(tmp_path: Path) -> None:
    card = tmp_path / "AAPL.json"
    card.touch()
    ModelStore(tmp_path).put_note(DriftNote("AAPL", "pause", 0.4, 1))
    check = judge_models(look_at_models(tmp_path, card.stat().st_mtime + 7_200), None)
    assert check.detail == "1 symbol learned, the newest 2:00:00 old; drift 0.40 at most, AAPL pause"
    assert check.remedy == "python anomaly_detector.py train --if-drifted"


def test_a_look_that_hangs_is_left_behind() -> None:
    for_ever = Event()
    met = BackgroundProbe(for_ever.wait, seconds=0.01).seen()
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

"""Candles and patterns by Apache Flink, on a real one: the golden tapes, kill -9, savepoints, the script."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from stockstream.connectors.kafka.topic import ensure_topic
from stockstream.connectors.postgres.connection import address_of
from stockstream.connectors.postgres.engine_lock import EngineLock
from stockstream.services import ports
from stockstream.services.servers.scratch import Scratch
from tests.fresh import ODD_NAME, environment_of, fresh
from tests.golden.cases import CASES, OPENING
from tests.integration.flink_scene import Scene, opened, play
from tests.integration.flink_tapes import OWN, are_alike
from tests.scripts import ran

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def scene(servers: Scratch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """One story for all: Flink is slow to start."""
    # Of a folder's odd letters Flink takes all but the backslash, which the script refuses.
    folder = tmp_path_factory.mktemp("flink") / ODD_NAME.replace("\\", "")
    with fresh(servers.settings, folder) as made:
        topic = f"{made.kafka_topic}_flink"
        ensure_topic(made.kafka_bootstrap_servers, topic, OWN + 1)
        settings = made.model_copy(update={"kafka_topic": topic, "flink_port": ports.free_port()})
        with opened(settings) as connection:
            yield play(settings, environment_of(settings), connection)


@pytest.mark.parametrize("name", CASES)
def test_flink_shows_each_trade_once_as_it_came(name: str, scene: Scene) -> None:
    wanted, got = scene.of_case(name)
    assert are_alike(wanted, got), (wanted, got)


@pytest.mark.parametrize("name", CASES)
def test_once_reconciled_its_candles_are_those_of_plain_sql(name: str, scene: Scene) -> None:
    wanted, got = scene.proven_of(name)
    over = {key for key, row in wanted.items() if row[-1]}
    assert {key: got.get(key) for key in over} == {key: wanted[key] for key in over}
    assert got.keys() == wanted.keys()


def test_what_is_no_trade_counts_nowhere(scene: Scene) -> None:
    with scene.connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM stock_metrics WHERE symbol LIKE 'BAD%'")
        assert cursor.fetchone() == (0,)


def test_no_message_makes_the_job_fail(scene: Scene) -> None:
    for status in (scene.status, scene.patterns):
        assert (status["restarts"], status["reason"]) == (0, None)


def test_a_trade_counts_in_its_minute_of_utc_and_its_side_may_be_unknown(scene: Scene) -> None:
    assert scene.odd == [(OPENING, OPENING + timedelta(minutes=1), 3, 15, 6, 0, 2, False)]


def test_nothing_is_touched_that_is_reconciled(scene: Scene) -> None:
    assert scene.reconciled == (7, True)


def test_ramps_and_reversals_are_found_once_and_explained(scene: Scene) -> None:
    assert [(symbol, kind) for symbol, kind, *_ in scene.findings] == [
        ("RAMP", "price_ramp"),
        ("TURN", "price_reversal"),
    ]
    ramp, reversal = (row[-1] for row in scene.findings)
    assert "rose with each of 7 trades from 100 to 103: 3.00%" in ramp
    assert "fell trade by trade from 50 to 48.8 and then rose to 50.1" in reversal


def test_a_killed_flink_is_told_in_one_line(scene: Scene) -> None:
    code, last = scene.killed
    assert code == 1
    assert "goes on from its last checkpoint" in last


def test_the_aggregator_is_refused_while_flink_writes(scene: Scene) -> None:
    assert "written by flink already" in scene.refusal


def test_status_tells_what_the_job_does(scene: Scene) -> None:
    assert scene.status["state"] == "RUNNING"
    assert scene.status["records"] > 0
    assert scene.status["checkpoints"] > 0
    assert scene.status["lag"] is not None
    for word in ("state", "records", "lag", "watermark", "checkpoints"):
        assert word in scene.spoken


def test_cancel_makes_a_savepoint_and_ends_the_run(scene: Scene) -> None:
    assert scene.cancelled
    assert scene.cancelled.returncode == 0, scene.cancelled.stderr
    savepoint = Path(scene.cancelled.stdout.removesuffix("\n"))
    assert (savepoint / "_metadata").is_file()
    assert scene.ended == 0


def test_ctrl_c_ends_the_waiting_for_a_savepoint_and_not_the_savepoint(scene: Scene) -> None:
    code, said = scene.left
    assert code == 0
    assert "Flink makes a savepoint; Ctrl-C ends the waiting" in said
    assert said.splitlines()[-1].endswith("the job ends when it is made: status tells")
    assert "Traceback" not in said
    assert scene.ended_by_itself == 0


def test_the_examination_judges_flink_where_it_makes_the_candles(scene: Scene) -> None:
    checks = {check["name"]: check for check in scene.health}
    assert "aggregator" not in checks
    assert checks["flink"]["state"] == "ok"
    assert "makes the candles" in checks["flink"]["detail"]


def test_the_next_run_goes_on_from_the_savepoint_and_not_from_the_topic(scene: Scene) -> None:
    assert scene.status["records"] == scene.sent[2] + 1


def test_patterns_are_found_beside_another_engine_of_candles(scene: Scene) -> None:
    assert scene.patterns["state"] == "RUNNING"
    assert scene.patterns["watermark"].startswith("2025")


def test_without_flink_one_line_says_so(scene: Scene) -> None:
    assert scene.after
    assert scene.after.returncode == 1
    assert len(scene.after.stderr.splitlines()) == 1
    assert "no Flink answers" in scene.after.stderr


def test_flink_is_refused_while_the_aggregator_writes(scene: Scene) -> None:
    with closing(EngineLock(address_of(scene.settings), "aggregator")) as lock:
        lock.acquire()
        done = ran(scene.environment, "flink_processor.py", "run")
    assert done.returncode == 1
    assert "written by aggregator already" in done.stderr

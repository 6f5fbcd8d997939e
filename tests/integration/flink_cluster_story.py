"""The job on a cluster of several processes: sent to it, a task manager killed, stopped and sent again.

Three more Java processes beside all others are too much for two cores, so it is run by itself:
./test.sh tests/integration/flink_cluster_story.py -n 0
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from stockstream.connectors.kafka.topic import ensure_topic
from stockstream.services.servers.scratch import Scratch
from tests.fresh import environment_of, fresh
from tests.golden.cases import CASES
from tests.integration import flink_cluster
from tests.integration.flink_cluster import Cluster
from tests.integration.flink_scene import (
    Scene,
    has_stored_state,
    is_through,
    opened,
    produce,
    told,
    told_records,
)
from tests.integration.flink_tapes import BAD, OWN, are_alike, thirds
from tests.scripts import ran
from tests.waiting import until

pytestmark = pytest.mark.timeout(1800)


@dataclass
class Seen(Scene):
    """What the commands answered, in the order of the story."""

    answers: dict[str, CompletedProcess[str]] = field(default_factory=dict)
    progress_shown: dict[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="module")
def seen(servers: Scratch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """One story for all: a cluster is slow to start."""
    folder = tmp_path_factory.mktemp("flink-cluster")
    with (
        fresh(servers.settings, folder) as made,
        flink_cluster.running(folder, folder / "state") as cluster,
    ):
        topic, port = f"{made.kafka_topic}_flink", int(cluster.flink.rpartition(":")[2])
        ensure_topic(made.kafka_bootstrap_servers, topic, OWN + 1)
        settings = made.model_copy(update={"kafka_topic": topic, "flink_port": port})
        with opened(settings) as connection:
            yield _play(Seen(settings, environment_of(settings), connection), cluster)


def _play(seen: Seen, cluster: Cluster) -> Seen:
    first, second, third = thirds(seen.golden)
    seen.sent = [len(first), len(second), len(third)]
    produce(seen.settings, first)
    seen.answers["sent"] = _submit(seen, cluster)
    until(lambda: has_stored_state(seen, len(first) - len(BAD)), timeout=150)
    seen.answers["again"] = _submit(seen, cluster)
    cluster.kill_task_manager()
    cluster.begin_task_manager()
    until(lambda: told(seen.environment).get("restarts"), timeout=150)
    produce(seen.settings, second)
    until(lambda: has_stored_state(seen, len(second)), timeout=150)
    seen.progress_shown = told(seen.environment)
    seen.answers["stopped"] = ran(seen.environment, "flink_processor.py", "cancel")
    produce(seen.settings, third)
    savepoint = seen.answers["stopped"].stdout.strip()
    seen.answers["resumed"] = _submit(seen, cluster, "--savepoint", savepoint)
    # What is not as it must be after that is for the tests to say.
    with suppress(AssertionError):
        until(lambda: is_through(seen), timeout=150)
    seen.status = told_records(seen.environment)
    seen.answers["end"] = ran(seen.environment, "flink_processor.py", "cancel")
    return seen


def _submit(seen: Seen, cluster: Cluster, *more: str) -> CompletedProcess[str]:
    options = ["--gateway", cluster.gateway, "--checkpoint-interval", "0.5", *more]
    return ran(seen.environment, "flink_processor.py", "submit", *options)


def test_submit_tells_the_job(seen: Seen) -> None:
    for name in ("sent", "resumed"):
        assert seen.answers[name].returncode == 0, seen.answers[name].stderr
        assert len(bytes.fromhex(seen.answers[name].stdout.strip())) == 16


def test_a_second_job_is_refused_in_one_line(seen: Seen) -> None:
    assert seen.answers["again"].returncode == 1
    (line,) = seen.answers["again"].stderr.splitlines()
    assert "runs on" in line
    assert "flink_processor.py cancel" in line


@pytest.mark.parametrize("name", CASES)
def test_the_cluster_shows_each_trade_once_as_it_came(name: str, seen: Seen) -> None:
    wanted, got = seen.of_case(name)
    assert are_alike(wanted, got), (wanted, got)


def test_a_killed_task_manager_is_told_and_survived(seen: Seen) -> None:
    assert seen.progress_shown["state"] == "RUNNING"
    assert seen.progress_shown["restarts"] > 0
    assert seen.progress_shown["reason"]


def test_cancel_makes_a_savepoint_that_the_next_job_goes_on_from(seen: Seen) -> None:
    savepoint = Path(seen.answers["stopped"].stdout.strip().removeprefix("file:"))
    assert (savepoint / "_metadata").is_file()
    assert seen.status["records"] == seen.sent[2], seen.status
    assert seen.answers["end"].returncode == 0, seen.answers["end"].stderr

"""Scenes for the fault tests, and the table of their results.

Each test is one run of one fault; FAULT_RUNS (`./test.sh --faults N`) repeats them. The randomness of a run
depends only on the seed that pytest prints at the start (--randomly-seed) and the test's name.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest

from stockstream.services.servers.scratch import Scratch, scratch
from stockstream.settings import Settings
from tests.faults.crew import Crew
from tests.faults.results import Result, table
from tests.faults.scene import Scene
from tests.fresh import environment_of, fresh, make_template, open_folder

RUNS = int(os.environ.get("FAULT_RUNS", "1"))
IS_LONG = "FAULT_RUNS" in os.environ
FAULT = "fault"
RESULTS: list[Result] = []


@pytest.fixture(params=range(1, RUNS + 1), ids="run {}".format)
def run(request: pytest.FixtureRequest) -> int:
    """The number of the run."""
    return int(request.param)


@pytest.fixture
def result(request: pytest.FixtureRequest, run: int) -> Iterator[Result]:
    """The result of the run; the fault is named after the test.

    It is sent with the test's report, because a worker of pytest-xdist runs the test and another process
    reports it.
    """
    name = request.node.name.replace(f"run {run}", "").replace("[-", "[").replace("-]", "]").replace("[]", "")
    made = Result(name.removeprefix("test_").replace("_", " "))
    yield made
    request.node.user_properties.append((FAULT, made.to_properties()))


@pytest.fixture
def random(request: pytest.FixtureRequest) -> Random:
    """A reproducible random generator."""
    return Random(f"{request.config.getoption('randomly_seed')}/{request.node.nodeid}")  # noqa: S311 - no secret


@pytest.fixture
def scene(settings: Settings, tmp_path: Path, random: Random, result: Result) -> Iterator[Scene]:
    """A scene on the shared servers, which must not be crashed."""
    with scene_of(settings, tmp_path, random, result) as made:
        yield made


@pytest.fixture(scope="module")
def fragile_servers() -> Iterator[Scratch]:
    """Servers that the tests of one file crash; each leaves them running."""
    with open_folder() as folder, scratch(folder) as started:
        make_template(started.settings)
        yield started


@pytest.fixture
def fragile_scene(
    fragile_servers: Scratch, tmp_path: Path, random: Random, result: Result
) -> Iterator[Scene]:
    """A scene on servers that may be crashed."""
    for server in (fragile_servers.kafka, fragile_servers.postgres):
        if not server.pid:
            server.start()
    with (
        fresh(fragile_servers.settings, tmp_path) as settings,
        scene_of(settings, tmp_path, random, result) as made,
    ):
        yield made
        for server in (fragile_servers.kafka, fragile_servers.postgres):
            if not server.pid:
                server.start()


@contextmanager
def scene_of(settings: Settings, folder: Path, random: Random, result: Result) -> Iterator[Scene]:
    """Yield a scene, and end whatever still runs in it."""
    scene = Scene(settings, Crew(folder, environment_of(settings)), random, result)
    try:
        yield scene
    finally:
        scene.close()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep the result of a run, which is complete at its teardown."""
    if report.when == "teardown":
        RESULTS.extend(
            Result.of_properties(cast("dict[str, Any]", kept))
            for name, kept in report.user_properties
            if name == FAULT
        )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the results of the faults."""
    if RESULTS:
        terminalreporter.section("faults")
        terminalreporter.write_line(f"seed {config.getoption('randomly_seed')}")
        for line in table(RESULTS):
            terminalreporter.write_line(line)

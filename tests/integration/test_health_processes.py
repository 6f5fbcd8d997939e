"""test_system.py and the processes that a supervisor runs."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from stockstream.services.supervision import processes
from stockstream.services.supervision.processes import ProcessState
from stockstream.services.supervision.run_folder import RunFolder
from stockstream.services.supervision.supervisor import Supervisor
from stockstream.settings import PROJECT, Settings
from tests.integration.health_scene import Environment, examine
from tests.waiting import until

# In a process of its own, as start.sh does it: the supervisor outlives the one who launches it.
LAUNCH = """
import sys
from pathlib import Path
from stockstream.services.servers.program import Program
from stockstream.services.supervision.run_folder import RunFolder
from stockstream.services.supervision.supervisor import Supervisor

folder = RunFolder(Path(sys.argv[1]))
folder.make()
names = ("producer", "consumer", "aggregator")
sleeper = (sys.executable, "-c", "import time; time.sleep(600)")
Supervisor(folder).launch(Program(name, sleeper, folder.path) for name in names)
Supervisor(folder).start(names)
"""


@pytest.fixture
def supervised(settings: Settings) -> Iterator[Callable[[], dict[str, ProcessState]]]:
    """Three processes under a supervisor; called, it returns their states by name."""
    folder = RunFolder(settings.data_dir.resolve())
    subprocess.run([sys.executable, "-c", LAUNCH, folder.path], cwd=PROJECT, check=True)
    yield lambda: {process.name: process for process in processes.states(settings)}
    Supervisor(folder).shutdown()
    folder.sweep()


def test_a_process_that_was_killed_is_named_when_it_has_just_come_back(
    environment: Environment, supervised: Callable[[], dict[str, ProcessState]]
) -> None:
    until(lambda: all(since(each) > 11 for each in supervised().values()), timeout=30)
    checks: dict[str, dict[str, str]] = {}

    def is_named() -> bool:
        """Kill the consumer and look at once; a slow machine may look too late."""
        if killed := supervised()["consumer"].pid:
            os.kill(killed, signal.SIGKILL)
        checks.update(examine(environment)[1])
        return checks["process consumer"]["state"] == "failed"

    until(is_named, timeout=60)
    assert checks["process consumer"]["remedy"].startswith(f"see {supervised()['consumer'].log}")
    assert (checks["process producer"]["state"], checks["process aggregator"]["state"]) == ("ok", "ok")
    until(lambda: "restarted" in detail_after_kill(environment, supervised), timeout=60)
    assert checks["trades"]["remedy"] == f"see {supervised()['producer'].log}"


def detail_after_kill(environment: Environment, supervised: Callable[[], dict[str, ProcessState]]) -> str:
    """Kill the consumer and return what is said once it is back; a slow machine may look too late."""
    killed = supervised()["consumer"].pid
    if killed:
        os.kill(killed, signal.SIGKILL)
    until(lambda: supervised()["consumer"].state == "running" and supervised()["consumer"].pid != killed, 60)
    _, checks = examine(environment)
    return str(checks["process consumer"]["detail"])


def since(process: ProcessState) -> float:
    """Return for how many seconds a process has run."""
    return (datetime.now(UTC) - process.since).total_seconds() if process.pid else 0

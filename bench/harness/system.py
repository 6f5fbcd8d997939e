"""The whole system as ./start.sh runs it, with its own servers, ports and folder, removed afterwards."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from bench.harness.stage import environment_of
from bench.sql import query
from stockstream.connectors.kafka.topic import ends, lag
from stockstream.connectors.postgres.connection import Connection, address_of, connect, own_errors
from stockstream.errors import RecoverableError, ServiceError
from stockstream.services import ports
from stockstream.services.supervision.processes import states
from stockstream.services.supervision.run_folder import RunFolder
from stockstream.services.supervision.supervisor import Supervisor
from stockstream.settings import PROJECT, Settings

JOBS = ("consumer", "aggregator", "detector")
TIMEOUT = 300.0
LOOK_EVERY = 0.1
WAITING = """
SELECT FROM touched_minutes WHERE window_start <= now() - interval '1 minute'
UNION ALL SELECT FROM unreconciled_minutes WHERE window_start <= now() - interval '1 minute'
LIMIT 1
"""

Places = dict[int, int]


@dataclass(frozen=True)
class System:
    """The system, with an operator's actions."""

    settings: Settings

    @property
    def supervisor(self) -> Supervisor:
        """The supervisor of its processes."""
        return Supervisor(RunFolder(self.settings.data_dir.resolve()))

    def pids(self) -> dict[str, int]:
        """Return the process ids of running processes, by name."""
        return {process.name: process.pid for process in states(self.settings) if process.pid}

    def tree(self, name: str) -> list[psutil.Process]:
        """Return a process and its descendants, oldest first; nothing if it does not run."""
        try:
            root = psutil.Process(self.pids()[name])
            return [root, *sorted(root.children(recursive=True), key=psutil.Process.create_time)]
        except (KeyError, psutil.NoSuchProcess):
            return []

    def script(self, *command: str) -> "subprocess.Popen[str]":
        """Start a script of the project outside supervision; Ctrl-C in a terminal does not reach it."""
        return subprocess.Popen(
            [sys.executable, *command],
            cwd=PROJECT,
            env=environment_of(self.settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def examined(self, *options: str) -> dict[str, Any]:
        """Return the JSON output of test_system.py."""
        with self.script("test_system.py", "--json", *options) as examination:
            said, _ = examination.communicate()
        try:
            return dict(json.loads(said))
        except ValueError as exc:
            raise ServiceError(what=f"test_system.py says nothing that can be read ({said[:80]!r})") from exc

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        """Yield a connection to the tables."""
        address = address_of(self.settings)
        with own_errors(address), closing(connect(address, "bench")) as connection:
            yield connection

    def ends(self) -> Places:
        """Return the ends of the topic."""
        return ends(self.settings.kafka_bootstrap_servers, self.settings.kafka_topic)

    def offsets(self) -> dict[str, Places]:
        """Return each job's committed offset in each partition."""
        found: dict[str, Places] = {job: {} for job in JOBS}
        with self.connected() as connection, connection.cursor() as cursor:
            cursor.execute(query("places_of_jobs"), {"topic": self.settings.kafka_topic, "jobs": list(JOBS)})
            for job, partition, place in cursor:
                found[job][partition] = place
        return found

    def disk_bytes(self) -> int:
        """Return the disk space of its folder."""
        folders = os.walk(self.settings.data_dir)
        return sum(512 * (Path(at) / name).lstat().st_blocks for at, _, names in folders for name in names)

    def settle(self) -> None:
        """Wait until every job has processed everything in the topic.

        Raises:
            ServiceError: one has not after five minutes; names the jobs.
        """
        deadline = time.monotonic() + TIMEOUT
        while behind := self._behind():
            if time.monotonic() > deadline:
                raise ServiceError(what=f"not done {TIMEOUT:g} s after the last trade: {', '.join(behind)}")
            time.sleep(LOOK_EVERY)

    def _behind(self) -> list[str]:
        try:
            goal, offsets = self.ends(), self.offsets()
            with self.connected() as connection, connection.cursor() as cursor:
                cursor.execute(WAITING)
                waits = ["reconciler"] if cursor.rowcount else []
        except RecoverableError as exc:
            return [str(exc)]
        return [job for job in JOBS if offsets[job] != goal] + waits


def behind(system: System) -> dict[str, int]:
    """Return how many messages each job has yet to process.

    Raises:
        RecoverableError: a server does not answer.
    """
    ends_of_topic, offsets = system.ends(), system.offsets()
    return {job: sum(lag(ends_of_topic, offsets[job]).values()) for job in JOBS}


def covers(offsets: Places, goal: Places) -> bool:
    """Return whether a job at `offsets` has processed everything below `goal`.

    >>> covers({0: 5, 1: 7}, {0: 5, 1: 6}), covers({0: 5}, {0: 5, 1: 6})
    (True, False)
    """
    return all(offsets.get(partition, 0) >= end for partition, end in goal.items())


@contextmanager
def running_system(rate: float, logs: Path | None = None) -> Iterator[System]:
    """Start everything, the producer at `rate` trades a second; everything is removed afterwards.

    Args:
        rate: trades a second.
        logs: the folder where the processes' logs are kept, None for nowhere.

    Raises:
        ServiceError: it does not come up; says what ./start.sh says.
    """
    with TemporaryDirectory(prefix="stockstream-bench-") as folder:
        settings = Settings(
            kafka_bootstrap_servers=f"127.0.0.1:{ports.free_port()}",
            postgres_host="127.0.0.1",
            postgres_port=ports.free_port(),
            dashboard_port=ports.free_port(),
            flink_port=ports.free_port(),
            producer_interval=1 / rate,
            services="embedded",
            data_dir=Path(folder) / "run",
            models_dir=Path(folder) / "models",
        )
        try:
            _command(settings, "start")
            yield System(settings)
        finally:
            _command(settings, "stop")
            if logs:
                shutil.copytree(settings.data_dir / "logs", logs, dirs_exist_ok=True)


def _command(settings: Settings, *words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "stockstream.services", *words],
        cwd=PROJECT,
        env=environment_of(settings),
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    if done.returncode:
        raise ServiceError(what=(done.stderr.strip().splitlines() or [f"cannot {words[0]} the system"])[-1])

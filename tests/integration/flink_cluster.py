"""A Flink cluster as docker-compose.yml has it: JobManager, TaskManager and SQL gateway, a process each."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from stockstream.connectors.flink.gateway import Gateway
from stockstream.connectors.flink.http import ask
from stockstream.errors import FlinkError
from stockstream.jobs.flink.script import CANDLES
from stockstream.services import ports
from stockstream.services.servers import flink
from stockstream.services.supervision.process_guard import ProcessGuard
from tests.integration.flink_scene import JAVA
from tests.waiting import until

RUNTIME = "org.apache.flink.runtime"
JOB_MANAGER = f"{RUNTIME}.entrypoint.StandaloneSessionClusterEntrypoint"
TASK_MANAGER = f"{RUNTIME}.taskexecutor.TaskManagerRunner"
# Flink's own start script works these out from the size of the machine.
SIZES = {
    "taskmanager.cpu.cores": 1.0,
    "taskmanager.memory.framework.heap.size": "128m",
    "taskmanager.memory.framework.off-heap.size": "128m",
    "taskmanager.memory.jvm-metaspace.size": "256m",
    "taskmanager.memory.jvm-overhead.min": "192m",
    "taskmanager.memory.jvm-overhead.max": "192m",
    "taskmanager.memory.task.heap.size": "512m",
    "taskmanager.memory.task.off-heap.size": "0",
    "taskmanager.memory.network.min": "64m",
    "taskmanager.memory.network.max": "64m",
}


class Cluster:
    """Its three processes, on free ports of loopback."""

    def __init__(self, folder: Path, state: Path) -> None:
        """Write what they read; nothing runs yet."""
        self._folder = folder
        self.flink, self.gateway = (f"http://127.0.0.1:{ports.free_port()}" for _ in range(2))
        self._rpc = ports.free_port()
        self._program = flink.prepare(folder, CANDLES.folder, _port(self.gateway), state)
        self._conf = Path(self._program.environment["FLINK_CONF_DIR"])
        self._leashes: list[ProcessGuard] = []
        self._write_configuration()

    def start(self) -> None:
        """Start all three, and wait until jobs can be sent."""
        self._begin("jobmanager", JOB_MANAGER, "--configDir", str(self._conf))
        self.begin_task_manager()
        self._begin("gateway", *self._program.command[-1:])
        until(self._is_ready, timeout=90)

    def begin_task_manager(self) -> None:
        """Start a process that does the job's work."""
        self._begin("taskmanager", TASK_MANAGER, "--configDir", str(self._conf))

    def kill_task_manager(self) -> None:
        """End it as a crash does."""
        manager = next(each for each in self._leashes if each.name == "taskmanager")
        self._leashes.remove(manager)
        manager.kill()

    def end(self) -> None:
        """End all, also what has ended by itself: its pipes are still open."""
        for guard in self._leashes:
            guard.kill()

    def _begin(self, name: str, *entry: str) -> None:
        program = replace(
            self._program,
            name=name,
            command=(*self._program.command[:-1], *entry),
            environment={**self._program.environment, **JAVA},
        )
        self._leashes.append(ProcessGuard(program, self._folder / f"{name}.log"))

    def _write_configuration(self) -> None:
        place = self._conf / "config.yaml"
        values = SIZES | {
            "execution.target": "remote",
            "rest.port": _port(self.flink),
            "jobmanager.rpc.address": "127.0.0.1",
            "jobmanager.rpc.port": self._rpc,
            "jobmanager.bind-host": "127.0.0.1",
            "taskmanager.host": "127.0.0.1",
            "taskmanager.bind-host": "127.0.0.1",
        }
        local = [line for line in place.read_text().splitlines() if not line.startswith("execution.target:")]
        place.write_text(
            "\n".join([*local, *(f"{key}: {json.dumps(value)}" for key, value in values.items())])
        )

    def _is_ready(self) -> bool:
        try:
            Gateway(self.gateway).check()
            return bool(ask(f"{self.flink}/overview")["taskmanagers"])
        except FlinkError:
            return False


def _port(url: str) -> int:
    return int(url.rpartition(":")[2])


@contextmanager
def running(folder: Path, state: Path) -> Iterator[Cluster]:
    """Yield a cluster that answers; its processes end with the block."""
    cluster = Cluster(folder, state)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.end()

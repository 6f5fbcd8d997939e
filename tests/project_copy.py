"""A copy of the project in its own folder and on its own ports, as a second user would have."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import psutil
from numba.core.caching import _CacheLocator
from pydantic import SecretStr

from stockstream.services import ports
from stockstream.services.supervision.processes import ProcessState, states
from stockstream.settings import PROJECT, Settings

LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".run", ".*_cache", "tests", "media", "results")
TIMEOUT = 300
# A value that occurs nowhere except where it is meant to be.
PASSWORD = "marked-s3cret-of-a-test"  # noqa: S105 - for tests only


class ProjectCopy:
    """A copy of the project; `start` and `stop` run its scripts with this interpreter's libraries."""

    def __init__(
        self, folder: Path, metadata: Literal["kraft", "zookeeper"] = "kraft", data: Path | None = None
    ) -> None:
        """Copy the project to `folder` and choose ports; `data` is the folder of its data, if elsewhere."""
        self.folder = folder
        shutil.copytree(PROJECT, folder, ignore=LEFT_OUT)
        self._adopt_compiled_code()
        self.settings = Settings(
            kafka_bootstrap_servers=f"localhost:{ports.free_port()}",
            kafka_metadata=metadata,
            zookeeper_port=ports.free_port(),
            postgres_port=ports.free_port(),
            dashboard_port=ports.free_port(),
            metrics_port=ports.free_port(),
            services="embedded",
            postgres_password=SecretStr(PASSWORD),
            data_dir=data or folder / ".run",
            models_dir=data / "models" if data else folder / "models",
        )

    def start(self) -> subprocess.CompletedProcess[str]:
        """Run ./start.sh from another folder, in a bare environment."""
        return self._run("start.sh")

    def stop(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ./stop.sh."""
        return self._run("stop.sh", *arguments)

    def processes(self) -> dict[str, ProcessState]:
        """Return the copy's processes by name."""
        return {process.name: process for process in states(self.settings)}

    def pids(self) -> dict[str, int]:
        """Return the process ids by name."""
        return {name: process.pid for name, process in self.processes().items()}

    def supervisor(self) -> psutil.Process:
        """Return the copy's supervisor."""
        return psutil.Process(int((self.settings.data_dir / "supervisord.pid").read_text("utf-8")))

    def taken_ports(self) -> list[int]:
        """Return those of the copy's ports on which something listens."""
        kafka = int(self.settings.kafka_bootstrap_servers.rpartition(":")[2])
        ours = [kafka, self.settings.postgres_port, self.settings.dashboard_port]
        ours.append(self.settings.zookeeper_port)
        return [port for port in ours if ports.is_taken(port)]

    def betrayals(self) -> list[str]:
        """Return where its password can be read but must not be: command lines, logs, configuration."""
        lines = [
            f"the command line of {each.pid}" for each in self.left() if PASSWORD in " ".join(each.cmdline())
        ]
        kept = [path for path in self.settings.data_dir.glob("*") if path.is_file()]
        kept += self.settings.data_dir.glob("logs/*")
        return lines + [str(path) for path in kept if PASSWORD.encode() in path.read_bytes()]

    def left(self) -> list[psutil.Process]:
        """Return the processes with the copy's folder as working directory or in their environment."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return str(self.folder) in " ".join([process.cwd(), *process.environ().values()])
        except psutil.Error:
            return False

    def _adopt_compiled_code(self) -> None:
        """Make Numba find the copied machine code, which it looks up by a hash of its source's folder."""
        name: Callable[[str], str] = _CacheLocator.get_suitable_cache_subpath
        for file in self.folder.glob("stockstream/**/*.py"):
            there, here = name(str(PROJECT / file.relative_to(self.folder))), name(str(file))
            for found in self.folder.glob(f"stockstream/market/__pycache__/compiled-*/{there}"):
                found.rename(found.with_name(here))

    def _run(self, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.folder / script), *arguments],
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "STOCKSTREAM_PYTHON": sys.executable} | self._environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT,
        )

    def _environment(self) -> dict[str, str]:
        keys = (
            *("KAFKA_BOOTSTRAP_SERVERS", "KAFKA_METADATA", "ZOOKEEPER_PORT"),
            *("POSTGRES_PORT", "POSTGRES_PASSWORD"),
            *("DASHBOARD_PORT", "METRICS_PORT", "SERVICES", "DATA_DIR", "MODELS_DIR"),
        )
        kept = {key: os.environ[key] for key in ("M2_REPO", "JDK_JAVA_OPTIONS") if key in os.environ}
        values = self.settings.environment()
        return kept | {key: values[key] for key in keys}

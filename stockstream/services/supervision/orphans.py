"""Processes of the system without a supervisor, identified by their mark, never by a name."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM, Signals

import psutil

from stockstream.services.servers import postgres
from stockstream.services.supervision.run_folder import MARK, PART

# The supervisor first, or it would restart the others; the servers last, so that the
# processes that use them can finish.
ORDER = ("supervisor", "page", "app", "server", "base")
# Seconds. A process that can no longer write its log, because its supervisor is gone, may not end by itself.
TIMEOUT = {"supervisor": 120.0, "page": 1.0, "app": 10.0, "server": 60.0, "base": 20.0}


@dataclass(frozen=True)
class Orphan:
    """A process of the system, its part, and the signal that ends it properly."""

    process: psutil.Process
    part: str
    stop_signal: Signals = SIGTERM


def find(folder: Path) -> list[Orphan]:
    """Return every process that was started with DATA_DIR=`folder`."""
    server = postgres.process(folder / "postgres")
    # PostgreSQL overwrites its environment with process titles, so it is found by its data folder.
    found = [Orphan(server, "server", postgres.STOP_SIGNAL)] if server else []
    for process in _others():
        environment = _environment(process)
        if environment.get(MARK) == str(folder) and process != server:
            found.append(Orphan(process, environment.get(PART, "app")))
    return found


def end(found: list[Orphan]) -> None:
    """End the processes, one part after the other; those that linger are killed."""
    for part in ORDER:
        ending = [orphan for orphan in found if orphan.part == part]
        for orphan in ending:
            with suppress(psutil.NoSuchProcess):
                orphan.process.send_signal(orphan.stop_signal)
        _, lingering = psutil.wait_procs([orphan.process for orphan in ending], timeout=TIMEOUT[part])
        for process in lingering:
            process.kill()
        psutil.wait_procs(lingering, timeout=TIMEOUT[part])


def _others() -> list[psutil.Process]:
    ours = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    return [process for process in psutil.process_iter() if process.pid not in ours]


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except (psutil.Error, OSError):
        # Another user's process, or gone in the meantime.
        return {}

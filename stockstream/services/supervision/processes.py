"""The processes that start.sh began, with their state and start time."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, cast

from stockstream.services.supervision.run_folder import RunFolder
from stockstream.services.supervision.supervisor import Supervisor
from stockstream.settings import Settings

State = Literal["stopped", "starting", "running", "backoff", "stopping", "exited", "fatal", "unknown"]


@dataclass(frozen=True)
class ProcessState:
    """A supervised process; `backoff` means that it failed and will be restarted.

    `pid` is 0 while it does not run; `since` is the time of its last start.
    """

    name: str
    state: State
    pid: int
    since: datetime
    log: Path


def states(settings: Settings) -> list[ProcessState]:
    """Return the processes that start.sh began; an empty list if it began none.

    Processes it has never started are left out: with `--servers` those run in their own terminals.
    """
    folder = RunFolder(settings.data_dir.resolve())
    return [
        ProcessState(
            info["name"],
            cast("State", info["statename"].lower()),
            info["pid"],
            datetime.fromtimestamp(info["start"], UTC),
            folder.path / info["stdout_logfile"],
        )
        for info in Supervisor(folder).infos()
        if info["start"]
    ]

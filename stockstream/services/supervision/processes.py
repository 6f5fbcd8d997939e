"""What runs: the processes that start.sh began, in what state, and since when."""

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
    """A supervised process; `backoff` means that it failed and is tried again.

    `pid` is 0 while it does not run; `since` is when it was started last.
    """

    name: str
    state: State
    pid: int
    since: datetime
    log: Path


def states(settings: Settings) -> list[ProcessState]:
    """Return the processes that start.sh began; an empty list when it began none.

    What it has never started is left out: with `--servers` those run in terminals of their own.
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

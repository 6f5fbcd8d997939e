"""Terminals in a folder that looks like the project: what is typed there is run as it stands."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from stockstream.settings import PROJECT
from tests.waiting import until

BASH = shutil.which("bash") or "bash"
TIMEOUT = 240.0
LEFT_OUT = {".git", ".venv", ".run", "models", "evaluation"}


@dataclass
class Terminals:
    """A folder with the project in it, so that what a command writes beside it is gone afterwards."""

    folder: Path
    environment: Mapping[str, str]
    _numbers: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        for path in PROJECT.iterdir():
            if path.name not in LEFT_OUT:
                (self.folder / path.name).symlink_to(path)
        (self.folder / ".venv").symlink_to(sys.prefix)
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.environment = {**self.environment, "PATH": programs, "STOCKSTREAM_PYTHON": sys.executable}

    def run(self, command: str) -> str:
        """Run a command to its end, which has to be a good one; returns what it said."""
        with self.opened(command) as terminal:
            terminal.process.wait(TIMEOUT)
            assert terminal.process.returncode == 0, f"{command}: {terminal.said()}"
            return terminal.said()

    def begin(self, command: str, sign: str) -> None:
        """Run a command until it says `sign`, then end it with Ctrl-C."""
        with self.opened(command) as terminal:
            until(lambda: sign in terminal.said() or terminal.process.poll() is not None, TIMEOUT)
            terminal.interrupt()

    @contextmanager
    def opened(self, command: str) -> Iterator["Terminal"]:
        """Run a command beside others; it is gone afterwards."""
        log = self.folder / f"terminal-{next(self._numbers)}"
        with (
            log.open("wb") as lines,
            subprocess.Popen(
                [BASH, "-c", f"exec {command}"],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=lines,
                stderr=lines,
            ) as process,
        ):
            try:
                yield Terminal(command, process, log)
            finally:
                process.kill()


@dataclass(frozen=True)
class Terminal:
    """A command that runs."""

    command: str
    process: subprocess.Popen[bytes]
    log: Path

    def said(self) -> str:
        """Return all that it has said."""
        return self.log.read_text("utf-8")

    def interrupt(self) -> None:
        """End it with Ctrl-C, which has to be a good end."""
        assert self.process.poll() is None, f"{self.command} has ended by itself: {self.said()}"
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(TIMEOUT) == 0, f"{self.command}: {self.said()}"

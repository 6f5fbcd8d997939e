"""The processes of one run: their output is kept, and none outlives the run."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psutil

from stockstream.settings import PROJECT
from tests.waiting import until

LEAVE_PATIENCE = 90


class Member:
    """A running script of the project."""

    def __init__(self, environment: Mapping[str, str], log: Path, *arguments: str) -> None:
        """Start the script; its output goes to `log`."""
        self._log = log
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, *arguments], cwd=PROJECT, env=dict(environment), stdout=out, stderr=out
            )

    @property
    def said(self) -> str:
        """Its output so far."""
        return self._log.read_text("utf-8", "replace")

    @property
    def is_stopped(self) -> bool:
        """Whether it has been stopped and not continued."""
        return psutil.Process(self.process.pid).status() == psutil.STATUS_STOPPED

    def leave(self) -> None:
        """Terminate it as an operator does; it must exit with 0.

        A process without output is still loading its libraries, and does not handle signals yet.
        """
        until(lambda: self.said or not self.is_running, LEAVE_PATIENCE)
        self.process.terminate()
        assert self.process.wait(LEAVE_PATIENCE) == 0, self.said

    def kill(self) -> None:
        """Kill it, as a crash would."""
        self.process.kill()
        self.process.wait()

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None


class Crew:
    """All processes started in a run."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        """Prepare; the output of members is kept in `folder`."""
        self._folder = folder
        self._environment = environment
        self._members: list[Member] = []

    def start(self, *arguments: str, **changes: str) -> Member:
        """Start a script, with changes to its environment."""
        log = self._folder / f"{len(self._members)}.log"
        member = Member(dict(self._environment) | changes, log, *arguments)
        self._members.append(member)
        return member

    def leave(self) -> None:
        """Terminate all members that still run, and check that none has printed a traceback."""
        for member in self._members:
            if member.is_running:
                member.leave()
        for member in self._members:
            assert "Traceback" not in member.said, member.said

    def kill(self) -> None:
        """Kill all members that still run."""
        for member in self._members:
            if member.is_running:
                member.kill()

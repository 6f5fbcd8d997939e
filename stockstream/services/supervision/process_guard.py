"""A process that cannot outlive its owner.

A keeper (this module, run as a script) starts the program and holds the reading end of a pipe from the owner.
When the owner ends, in whatever way, the kernel closes the pipe and the keeper ends the program. Unlike
PR_SET_PDEATHSIG, this works on every Unix, for a program run as another user, and when the thread that
started it ends.
"""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread

from stockstream.services.servers.program import Program
from stockstream.services.servers.system_user import run_as

PROJECT = Path(__file__).resolve().parents[3]


class ProcessGuard:
    """A running program that ends when this process does."""

    def __init__(self, program: Program, log: Path) -> None:
        """Start the program; its output is appended to `log`."""
        self.name = program.name
        self.log = log
        self._patience = program.timeout
        with log.open("ab") as out:
            self._keeper = subprocess.Popen(
                [sys.executable, "-m", __name__, program.to_json()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=out,
                start_new_session=True,
                cwd=PROJECT,
            )
        self.pid = int(self._keeper.stdout.readline() or 0) if self._keeper.stdout else 0

    def is_alive(self) -> bool:
        """Return whether the program runs."""
        return self._keeper.poll() is None

    def kill(self) -> None:
        """End the program as a crash does."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.end()

    def end(self) -> None:
        """End the program properly, with its stop signal."""
        self._keeper.communicate(timeout=self._patience + 10)


def keep(program: Program) -> int:
    """Run the program until it or standard input ends, and return its exit code."""
    child = subprocess.Popen(
        program.command,
        cwd=program.folder,
        env=os.environ | dict(program.environment),
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        stderr=sys.stderr,
        start_new_session=True,
        **run_as(program.user),
    )
    print(child.pid, flush=True)  # noqa: T201 - read by the owner
    Thread(target=_end_with_owner, args=(child, program), daemon=True).start()
    return child.wait()


def _end_with_owner(child: subprocess.Popen[bytes], program: Program) -> None:
    sys.stdin.read()
    child.send_signal(program.stop_signal)
    try:
        child.wait(program.timeout)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)


if __name__ == "__main__":
    raise SystemExit(keep(Program.from_json(sys.argv[1])))

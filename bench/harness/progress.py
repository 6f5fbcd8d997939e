"""Progress of a long benchmark: permanent lines and a status line, or a line a minute without a terminal."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status

BETWEEN_LINES = 60.0


class ProgressReporter:
    """Reports progress on standard error."""

    def __init__(self, console: Console, status: Status) -> None:
        self._console = console
        self._status = status
        self._began = time.monotonic()
        self._told = self._began

    def say(self, line: str) -> None:
        """Report what has happened."""
        self._console.print(f"{time.monotonic() - self._began:7.1f} s  {line}", markup=False, highlight=False)

    def wait_for(self, what: str) -> None:
        """Report what is being waited for."""
        self._status.update(f"waiting for {what}")

    def go_on(self, line: str) -> None:
        """Report the current state."""
        self._status.update(line)
        if not self._console.is_terminal and time.monotonic() - self._told > BETWEEN_LINES:
            self._told = time.monotonic()
            self.say(line)


@contextmanager
def progress_shown() -> Iterator[ProgressReporter]:
    """Yield a reporter; its status line is removed afterwards."""
    console = Console(stderr=True, soft_wrap=True)
    with console.status("looking around") as status:
        yield ProgressReporter(console, status)

"""What a long bench tells: lines that stay, and one that moves, or, without a terminal, one a minute."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status

BETWEEN_LINES = 60.0


class ProgressReporter:
    """A voice on standard error."""

    def __init__(self, console: Console, status: Status) -> None:
        self._console = console
        self._status = status
        self._began = time.monotonic()
        self._told = self._began

    def say(self, line: str) -> None:
        """Tell what has happened."""
        self._console.print(f"{time.monotonic() - self._began:7.1f} s  {line}", markup=False, highlight=False)

    def wait_for(self, what: str) -> None:
        """Tell what is waited for."""
        self._status.update(f"waiting for {what}")

    def go_on(self, line: str) -> None:
        """Tell how it goes."""
        self._status.update(line)
        if not self._console.is_terminal and time.monotonic() - self._told > BETWEEN_LINES:
            self._told = time.monotonic()
            self.say(line)


@contextmanager
def progress_shown() -> Iterator[ProgressReporter]:
    """Yield a voice; the line that moves is gone afterwards."""
    console = Console(stderr=True, soft_wrap=True)
    with console.status("looking around") as status:
        yield ProgressReporter(console, status)

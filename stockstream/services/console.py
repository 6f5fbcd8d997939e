"""Output of start and stop: a line for each part that is up, and what is being waited for."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status


class StartConsole:
    """Lines on standard output; on a terminal also a status line that shows what is being waited for."""

    def __init__(self, console: Console, status: Status) -> None:
        """Write to `console`."""
        self._console = console
        self._status = status

    def say(self, subject: str, line: str) -> None:
        """Print a line."""
        self._console.print(f"{subject:<11} {line}", markup=False, highlight=False, soft_wrap=True)

    def wait_for(self, what: str) -> None:
        """Show what is being waited for."""
        self._status.update(f"waiting for {what}")


@contextmanager
def speaking() -> Iterator[StartConsole]:
    """Yield a console; the status line is removed afterwards."""
    console = Console()
    with console.status("looking around") as status:
        yield StartConsole(console, status)

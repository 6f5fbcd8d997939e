"""How start and stop speak: a line for each thing that stands, and what they wait for meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status


class StartConsole:
    """Lines on standard output; in a terminal also a moving one for what is waited for."""

    def __init__(self, console: Console, status: Status) -> None:
        """Speak to `console`."""
        self._console = console
        self._status = status

    def say(self, subject: str, line: str) -> None:
        """Print a line."""
        self._console.print(f"{subject:<11} {line}", markup=False, highlight=False, soft_wrap=True)

    def wait_for(self, what: str) -> None:
        """Show what is waited for."""
        self._status.update(f"waiting for {what}")


@contextmanager
def speaking() -> Iterator[StartConsole]:
    """Yield a voice; the moving line is gone afterwards."""
    console = Console()
    with console.status("looking around") as status:
        yield StartConsole(console, status)

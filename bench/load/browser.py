"""A viewer who watches the dashboard all the time: a headless browser without interaction."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from bench.harness.system import System
from stockstream.errors import UsageError

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "--no-first-run")


def required_browser() -> str:
    """Return the path of a browser.

    Raises:
        UsageError: there is none.
    """
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise UsageError(what=f"none of {', '.join(NAMES)} is installed; install one, or take --no-viewer")
    return found


@contextmanager
def looking_on(system: System, program: str | None) -> Iterator[None]:
    """Show the dashboard during the block; the page reloads by itself when its server returns.

    Args:
        system: the running system.
        program: the browser, None for no viewer.
    """
    if program is None:
        yield
        return
    with TemporaryDirectory(prefix="stockstream-viewer-") as profile:
        address = f"http://127.0.0.1:{system.settings.dashboard_port}"
        viewer = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={profile}", address],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield
        finally:
            viewer.terminate()
            viewer.wait()

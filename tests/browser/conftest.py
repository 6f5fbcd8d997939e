"""A real browser, and the dashboard as a user starts it."""

import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from stockstream.services.ports import free_port
from stockstream.settings import PROJECT
from tests.waiting import until

TIMEOUT = 60.0
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
TOTALS = ".totals"

expect.set_options(timeout=TIMEOUT * 1000)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, or the one that Playwright has downloaded if there is none."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield browser
        browser.close()


@dataclass
class View:
    """A page of the browser, and its console's complaints."""

    page: Page
    console: list[str] = field(default_factory=list)

    def open(self, address: str, charts: int = 4) -> None:
        """Open the page and wait for its numbers and for `charts` charts."""
        self.page.goto(address)
        self.page.locator(TOTALS).wait_for(timeout=TIMEOUT * 1000)
        self.page.locator(".plot .main-svg").nth(charts - 1).wait_for(timeout=TIMEOUT * 1000)

    def total(self, label: str) -> str:
        """Return one of the numbers at the top."""
        name = self.page.locator("dt").get_by_text(label, exact=True)
        return self.page.locator(".totals > div").filter(has=name).locator(".value").inner_text()

    def status(self) -> str:
        """Return the status line at the top."""
        return self.page.locator(".status").inner_text()

    def refreshes(self, count: int) -> None:
        """Wait until the number of trades has changed `count` times."""
        for _ in range(count):
            before = self.total("Trades")
            until(partial(self._moved, before), TIMEOUT)

    def _moved(self, before: str) -> bool:
        return self.total("Trades") != before

    def note(self, message: ConsoleMessage) -> None:
        """Keep the console's errors and warnings.

        Two are ignored. On a page below the root, Streamlit's own script first looks for the server there, in
        vain. An announced script that is not used within seconds means a slow machine; `test_serving` checks
        that it is used.
        """
        is_late = "preloaded using link preload but not used" in message.text
        if (
            message.type in {"error", "warning"}
            and "/_stcore/" not in message.location["url"]
            and not is_late
        ):
            self.console.append(message.text)


@contextmanager
def looking(chromium: Browser) -> Iterator[View]:
    """Open a fresh page, 1440 pixels wide; its console must stay silent until it is closed."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(TIMEOUT * 1000)
    page = context.new_page()
    seen = View(page)
    page.on("console", seen.note)
    page.on("pageerror", lambda error: seen.console.append(str(error)))
    try:
        yield seen
    finally:
        context.close()
    assert not seen.console


def holds(path: str, **values: str) -> Callable[[str], bool]:
    """Return a check whether an address is that of a page with exactly these values."""
    wanted = {name: [value] for name, value in values.items()}

    def is_so(address: str) -> bool:
        place = urlsplit(address)
        return place.path == f"/{path}" and parse_qs(place.query) == wanted

    return is_so


@contextmanager
def serving(
    environment: Mapping[str, str],
    port: int | None = None,
    base: str = "",
    end: signal.Signals = signal.SIGINT,
) -> Iterator[str]:
    """Run the dashboard on a port, by default a free one, until the block ends, and yield its address.

    Args:
        base: the path under which the environment makes it serve.
        end: the signal that ends it; it must exit with 0.
    """
    port = port or free_port()
    address = f"http://127.0.0.1:{port}/{base}".rstrip("/")
    command = [sys.executable, "-m", "streamlit", "run", "dashboard.py", "--server.port", str(port)]
    with subprocess.Popen(
        command, cwd=PROJECT, env=dict(environment), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            until(lambda: answers(f"{address}/_stcore/health"), TIMEOUT)
            yield address
        finally:
            process.send_signal(end)
    assert process.returncode == 0


def answers(address: str) -> bool:
    """Return whether a server answers with status 200 at an address."""
    try:
        with urllib.request.urlopen(address, timeout=2) as response:  # noqa: S310 - our own server
            return bool(response.status == 200)
    except (urllib.error.URLError, TimeoutError):
        return False


@pytest.fixture
def dashboard(environment: Mapping[str, str]) -> Iterator[str]:
    """The address of a dashboard over the test's own database."""
    with serving({**environment, "STREAMLIT_REFRESH_INTERVAL": "1"}) as address:
        yield address


@pytest.fixture
def view(chromium: Browser, dashboard: str) -> Iterator[View]:
    """A page that is closed before the dashboard ends; the test opens the address itself."""
    del dashboard
    with looking(chromium) as seen:
        yield seen

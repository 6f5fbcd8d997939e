"""Viewers of a Streamlit page in Chromium: when a page is there, how long its server works, what moves."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

from playwright.sync_api import Browser, Page, WebSocket, sync_playwright
from playwright.sync_api import Error as PlaywrightError
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from stockstream.errors import ServiceError

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PATIENCE = 120.0  # seconds
NUMBERS = ".st-key-totals [data-testid=stMetricValue]"
CANDLES = ".st-key-candles_plot .main-svg"

# Kept in the page, where it costs nothing: layout shifts, charts that are thrown away, and when the newest
# trade of the tape changed, by the clock of this machine.
WATCH = """
window.watched = {shifts: 0, removed: 0, tape: []}
new PerformanceObserver((list) => {
  for (const shift of list.getEntries()) if (!shift.hadRecentInput) window.watched.shifts += shift.value
}).observe({type: 'layout-shift'})
new MutationObserver((changes) => {
  for (const change of changes) for (const node of change.removedNodes)
    if (node.nodeType === 1 && (node.matches('.plot') || node.querySelector('.plot')))
      window.watched.removed += 1
  const newest = document.querySelector('.tape td.time')?.textContent
  if (newest && newest !== window.watched.tape.at(-1)?.[1])
    window.watched.tape.push([performance.timeOrigin + performance.now(), newest])
}).observe(document.body, {subtree: true, childList: true, characterData: true})
"""


@dataclass
class Viewer:
    """A page, how long its server worked for each refresh, and what its console said."""

    page: Page
    console: list[str] = field(default_factory=list)
    _sent: dict[str, float] = field(default_factory=dict)
    _took: dict[str, list[float]] = field(default_factory=dict)

    def listen(self, socket: WebSocket) -> None:
        """Note when a part of the page is asked for, and when the server has finished it."""
        socket.on("framesent", self._note_asked)
        socket.on("framereceived", self._note_finished)

    def watch(self) -> None:
        """Begin to count from now on."""
        self._took.clear()
        self.page.evaluate(WATCH)

    def refreshes(self) -> list[float]:
        """Return the seconds of each refresh of the picture: the part that takes longest."""
        return max(self._took.values(), key=median, default=[])

    def delays(self, committed: list[datetime]) -> list[float]:
        """Return the seconds from each commit to the first picture that has it."""
        seen = [(at / 1000, text) for at, text in self.page.evaluate("window.watched.tape")]
        told = [(moment.timestamp(), moment.strftime("%H:%M:%S.%f")[:-3]) for moment in committed]
        first = ((then, next((at for at, text in seen if text >= asked), None)) for then, asked in told)
        return [at - then for then, at in first if at is not None]

    def _note_asked(self, payload: str | bytes) -> None:
        if isinstance(payload, bytes):
            message = BackMsg.FromString(payload)
            if message.rerun_script.is_auto_rerun:
                self._sent[message.rerun_script.fragment_id] = time.monotonic()

    def _note_finished(self, payload: str | bytes) -> None:
        if isinstance(payload, bytes):
            message = ForwardMsg.FromString(payload)
            finished = message.script_finished == ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY
            if message.WhichOneof("type") == "script_finished" and finished:
                for fragment, began in self._sent.items():
                    self._took.setdefault(fragment, []).append(time.monotonic() - began)
                self._sent.clear()


@contextmanager
def told_plainly() -> Iterator[None]:
    """Turn the browser's errors into the project's own.

    Raises:
        ServiceError: a page does not come, or not with what is awaited.
    """
    try:
        yield
    except PlaywrightError as exc:
        raise ServiceError(what=f"the browser: {str(exc).partition(chr(10))[0]}") from exc


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run the system's Chromium, or else the one that Playwright has fetched."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def viewing(
    browser: Browser, address: str, *awaited: str, charts: bool = True
) -> Iterator[tuple[Viewer, float]]:
    """Open a page with an empty cache; yields it and the seconds until all that is awaited was seen.

    Args:
        charts: whether they are drawn; many browsers that draw on one machine measure the drawing.
    """
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    if not charts:
        page.route("**/plotly.min.js", lambda route: route.abort())
    viewer = Viewer(page)
    page.on("websocket", viewer.listen)
    page.on("pageerror", lambda error: viewer.console.append(str(error)))
    page.on("console", lambda said: viewer.console.append(said.text) if said.type == "error" else None)
    began = time.monotonic()
    page.goto(address, timeout=PATIENCE * 1000)
    for selector in awaited:
        page.locator(selector).first.wait_for(timeout=PATIENCE * 1000)
    try:
        yield viewer, time.monotonic() - began
    finally:
        context.close()

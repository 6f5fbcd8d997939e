"""Viewers of a Streamlit page in Chromium: loading time, refresh time, and layout changes."""

import shutil
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from stockstream.errors import ServiceError

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
TIMEOUT = 120.0  # seconds
NUMBERS = ".totals .value"
CANDLES = ".st-key-candles_plot .main-svg"

# Recorded in the page at no cost: layout shifts, discarded charts, and when the newest trade of the tape
# changed, by the clock of this machine.
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


# Recorded in the page when it requests a part and when that is finished: events reach the driver only after a
# queue. Messages with a chart are long and not parsed.
LISTEN = """
window.messages = []
const note = (way, data, most) => {
  if (data.byteLength > most) return
  const text = String.fromCharCode(...new Uint8Array(data.buffer ?? data))
  window.messages.push([way, performance.now() / 1000, btoa(text)])
}
window.WebSocket = class extends WebSocket {
  constructor(...asked) {
    super(...asked)
    this.addEventListener("message", ({ data }) => data instanceof ArrayBuffer && note("in", data, 200))
  }
  send(data) {
    if (typeof data !== "string") note("out", data.slice(), 20000)
    super.send(data)
  }
}
"""


@dataclass
class Viewer:
    """A page, and its console output."""

    page: Page
    console: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Start to count from now on."""
        self.page.evaluate("window.messages.length = 0")
        self.page.evaluate(WATCH)

    def refreshes(self) -> list[float]:
        """Return the seconds of each refresh, from request to completion of the slowest part."""
        sent: dict[str, float] = {}
        took: dict[str, list[float]] = {}
        for way, at, text in self.page.evaluate("window.messages"):
            if way == "out":
                sent |= dict.fromkeys(_asked(b64decode(text)), at)
            elif _is_finish(b64decode(text)):
                for fragment, began in sent.items():
                    took.setdefault(fragment, []).append(at - began)
                sent.clear()
        return max(took.values(), key=median, default=[])

    def delays(self, committed: list[datetime]) -> list[float]:
        """Return the seconds from each commit to the first refresh that shows it."""
        seen = [(at / 1000, text) for at, text in self.page.evaluate("window.watched.tape")]
        told = [(moment.timestamp(), moment.strftime("%H:%M:%S.%f")[:-3]) for moment in committed]
        first = ((then, next((at for at, text in seen if text >= asked), None)) for then, asked in told)
        return [at - then for then, at in first if at is not None]


def _asked(payload: bytes) -> list[str]:
    """Return the parts that a message requests by itself, without a viewer's action."""
    message = BackMsg.FromString(payload)
    return [message.rerun_script.fragment_id] if message.rerun_script.is_auto_rerun else []


def _is_finish(payload: bytes) -> bool:
    message = ForwardMsg.FromString(payload)
    if message.WhichOneof("type") != "script_finished":
        return False
    return bool(message.script_finished == ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)


@contextmanager
def shown_plainly() -> Iterator[None]:
    """Convert the browser's errors to the project's own.

    Raises:
        ServiceError: a page does not load, or not with what is awaited.
    """
    try:
        yield
    except PlaywrightError as exc:
        raise ServiceError(what=f"the browser: {str(exc).partition(chr(10))[0]}") from exc


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run the system's Chromium, or else the one downloaded by Playwright."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def viewing(browser: Browser, address: str, *awaited: str) -> Iterator[tuple[Viewer, float]]:
    """Open a page with an empty cache; yield it and the seconds until everything awaited was visible."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    viewer = Viewer(page)
    page.add_init_script(LISTEN)
    page.on("pageerror", lambda error: viewer.console.append(str(error)))
    page.on("console", lambda said: viewer.console.append(said.text) if said.type == "error" else None)
    began = time.monotonic()
    # The awaited elements show when the page is there; the load event waits for everything still being
    # fetched.
    page.goto(address, timeout=TIMEOUT * 1000, wait_until="commit")
    for selector in awaited:
        page.locator(selector).first.wait_for(timeout=TIMEOUT * 1000)
    try:
        yield viewer, time.monotonic() - began
    finally:
        context.close()

"""Short films of the dashboard for the README: a viewer uses it, and each step is a few frames."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize

VIEW: ViewportSize = {"width": 1280, "height": 800}
SHOWN = (960, 600)  # pixels
COLOURS = 96
FRAME = 900  # milliseconds that a frame is shown
TIMEOUT = 120_000  # milliseconds

Step = Callable[[Page], None]


@dataclass(frozen=True)
class Film:
    """A film: its name, its first page, what must be visible, and what the viewer does."""

    name: str
    path: str
    awaited: str
    steps: Sequence[Step]


def wait(page: Page) -> None:
    """Wait a moment, so that the market moves on."""
    page.wait_for_timeout(1_000)


def segment(name: str) -> Step:
    """Return a step that clicks one of a row of buttons."""
    return lambda page: page.get_by_role("radio", name=name, exact=True).last.click()


def into_view(selector: str) -> Step:
    """Return a step that scrolls until an element is at the top of the window."""
    return lambda page: page.locator(selector).first.evaluate(
        "node => node.scrollIntoView({block: 'center'})"
    )


def zoom(page: Page) -> None:
    """Zoom into the last third of the candles."""
    box = page.locator(".st-key-candles_plot .nsewdrag").first.bounding_box()
    if box is not None:
        page.mouse.move(box["x"] + 0.66 * box["width"], box["y"] + 20)
        page.mouse.down()
        page.mouse.move(box["x"] + 0.96 * box["width"], box["y"] + 24, steps=4)
        page.mouse.up()


def open_finding(page: Page) -> None:
    """Open the chart around the newest finding."""
    page.locator(".findings a").first.click()
    page.locator(".st-key-candles_plot .main-svg").first.wait_for(timeout=TIMEOUT)


def examine(page: Page) -> None:
    """Let the detector examine the shown window, and wait for its result."""
    page.get_by_role("button", name="Run the detector").click()
    page.locator(".st-key-examined").wait_for(timeout=TIMEOUT)


HEAT = ".heat td"
FILMS = (
    Film("summary", "?refresh=1", HEAT, (*[wait] * 6, into_view(".st-key-ranking"), *[wait] * 5)),
    Film(
        "charts",
        "symbol?symbol=TSLA&symbols=NVDA&symbols=AAPL&refresh=1",
        ".st-key-imbalance_plot .main-svg",
        (wait, segment("1m"), wait, zoom, wait, wait,
         into_view(".st-key-compare"), wait, segment("price"), wait),
    ),
    Film(
        "anomaly",
        "anomalies?refresh=1",
        ".findings li",
        (wait, into_view(".st-key-card_examine"), examine, into_view(".st-key-examined"), wait,
         into_view(".findings"), open_finding, wait, into_view(".st-key-imbalance_plot"), wait),
    ),
)  # fmt: skip


def shoot(browser: Browser, address: str, film: Film, folder: Path) -> None:
    """Play a film and write it as `<name>.gif`."""
    context = browser.new_context(viewport=VIEW, color_scheme="light", timezone_id="UTC")
    context.set_default_timeout(TIMEOUT)
    page = context.new_page()
    page.goto(f"{address}/{film.path}", timeout=TIMEOUT)
    page.locator(film.awaited).first.wait_for(timeout=TIMEOUT)
    # The controls appear last.
    page.get_by_test_id("stSlider").first.wait_for(timeout=TIMEOUT)
    frames = [_frame(page)]
    for step in film.steps:
        step(page)
        page.wait_for_timeout(400)
        frames.append(_frame(page))
    context.close()
    first, *rest = frames
    first.save(folder / f"{film.name}.gif", save_all=True, append_images=rest, duration=FRAME, loop=0)


def _frame(page: Page) -> Image.Image:
    shot = Image.open(BytesIO(page.screenshot(timeout=TIMEOUT))).convert("RGB")
    return shot.resize(SHOWN, Image.Resampling.LANCZOS).quantize(COLOURS, dither=Image.Dither.NONE)

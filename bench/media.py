"""Pictures of the dashboard for the README: `python -m bench.media` starts the system and looks at it.

It writes `media/fullpagedash.png`, one of each other page, one in the dark and one of a narrow screen; and
the films `summary.gif`, `charts.gif` and `anomaly.gif`.
"""

from argparse import ArgumentParser, Namespace
from contextlib import ExitStack
from dataclasses import dataclass
from threading import Event
from typing import Literal

from playwright.sync_api import Browser, ViewportSize

from bench.films import FILMS, HEAT, shoot
from bench.harness.options import whole
from bench.harness.stage import SEED, InterruptedBenchError, stage
from bench.load.viewers import chromium
from bench.scenarios.dashboard import served
from stockstream import cli
from stockstream.settings import PROJECT, Settings

MEDIA = PROJECT / "media"
WIDE, NARROW, TALLEST = 1440, 390, 2600
TIMEOUT = 120_000  # milliseconds
SETTLED = 3_000


@dataclass(frozen=True)
class Shot:
    """A picture: its name, the page, the browser's theme, its width, and what must be visible."""

    name: str
    path: str
    scheme: Literal["light", "dark"]
    width: int
    awaited: str


WINDOW = "window=5m"  # preceded by another window to compare it with, and with models from its start
SHOTS = (
    Shot("fullpagedash", f"?{WINDOW}", "light", WIDE, HEAT),
    Shot("symbol", f"symbol?symbol=TSLA&{WINDOW}", "light", WIDE, ".st-key-imbalance_plot .main-svg"),
    Shot("anomalies", f"anomalies?{WINDOW}", "light", WIDE, ".st-key-card_findings"),
    Shot("system", "system", "light", WIDE, ".places td"),
    Shot("dark", f"?{WINDOW}", "dark", WIDE, HEAT),
    Shot("phone", f"?{WINDOW}", "light", NARROW, HEAT),
)


def main(arguments: Namespace, _settings: Settings, stop: Event) -> int:
    """Run every part for a while, then take the pictures."""
    try:
        with stage(stop) as scene, scene.fresh() as settings, ExitStack() as parts:
            for script in (
                ("consumer.py",),
                ("aggregator.py",),
                ("anomaly_detector.py", "watch"),
                ("producer.py", "--rate", "100", "--seed", SEED, "--anomaly-rate", "0.003"),
            ):
                parts.enter_context(scene.script(settings, *script))
            page = parts.enter_context(served(scene, settings, "dashboard.py"))
            browser = parts.enter_context(chromium())
            for _ in range(arguments.seconds):
                scene.go_on()
                stop.wait(1)
            for shot in SHOTS:
                scene.go_on()
                take(browser, page.address, shot)
                scene.say(f"{shot.name}.png")
            for film in FILMS:
                scene.go_on()
                shoot(browser, page.address, film, MEDIA)
                scene.say(f"{film.name}.gif")
    except InterruptedBenchError:
        return 0
    return 0


def take(browser: Browser, address: str, shot: Shot) -> None:
    """Take one picture of a whole page."""
    view: ViewportSize = {"width": shot.width, "height": 900}
    context = browser.new_context(viewport=view, color_scheme=shot.scheme, timezone_id="UTC")
    page = context.new_page()
    page.goto(f"{address}/{shot.path}", timeout=TIMEOUT)
    page.locator(shot.awaited).first.wait_for(timeout=TIMEOUT)
    tall = page.evaluate("document.querySelector('.stMain').scrollHeight")
    page.set_viewport_size({"width": shot.width, "height": min(tall + 20, TALLEST)})
    page.wait_for_timeout(SETTLED)
    page.screenshot(path=MEDIA / f"{shot.name}.png", timeout=TIMEOUT)
    context.close()


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="bench.media", description=__doc__)
    parser.add_argument(
        "--seconds", type=whole, default=1_000, metavar="S", help="of trading before (%(default)s)"
    )
    return parser


if __name__ == "__main__":
    cli.run(_parser(), main)

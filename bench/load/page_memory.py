"""The memory of a page's server while a viewer watches, and unwanted changes of the page meanwhile."""

from statistics import median
from typing import TYPE_CHECKING, Any

import psutil

from bench.harness.stage import Stage

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from bench.load.viewers import Viewer

SETTLING = 60  # seconds
TENTH = 10


def look_on(scene: Stage, viewer: "Viewer", pid: int, seconds: int) -> dict[str, Any]:
    """Let a viewer's page refresh for `seconds` seconds.

    Returns the memory of the server's process (USS, in bytes, each second), the number of refreshes, and what
    should stay zero: discarded charts, layout shift, console errors.
    """
    server, held = psutil.Process(pid), list[int]()
    viewer.watch()
    for _ in range(seconds):
        scene.go_on()
        viewer.page.wait_for_timeout(1_000)
        held.append(server.memory_full_info().uss)
    watched = viewer.page.evaluate("window.watched")
    return {
        "seen_refresh": viewer.refreshes(),
        "held_bytes": held,
        "charts_removed": watched["removed"],
        "layout_shift": watched["shifts"],
        "console_errors": viewer.console,
    }


def last(scene: Stage, browser: "Browser", address: str, pid: int, minutes: int) -> dict[str, Any]:
    """Let one viewer's page refresh each second for `minutes` minutes, after a first that is not counted."""
    from bench.load.viewers import CANDLES, NUMBERS, viewing  # noqa: PLC0415 - the other benchmarks need no browser

    with viewing(browser, f"{address}/?refresh=1", NUMBERS, CANDLES) as (viewer, _):
        viewer.page.wait_for_timeout(SETTLING * 1_000)
        facts = look_on(scene, viewer, pid, minutes * 60)
    held = grown(facts["held_bytes"])
    scene.say(f"{len(facts['seen_refresh'])} refreshes in {minutes} min, server's memory {held}")
    return facts


def grown(held: list[int]) -> str:
    """Return the memory at both ends: the median of the first tenth of the samples, and of the last.

    >>> grown([10_000_000, 11_000_000])
    '10.0 to 11.0 MB (+10.0 %)'
    """
    few = max(len(held) // TENTH, 1)
    before, after = median(held[:few]), median(held[-few:])
    return f"{before / 1e6:,.1f} to {after / 1e6:,.1f} MB ({100 * (after / before - 1):+.1f} %)"

"""How quick the dashboard is on a large tape, in Chromium.

It is opened in turns with a Streamlit page that has one Plotly chart; then it refreshes each second while
trades are stored, for one viewer and for many: how long the server works, how old a trade is when it is seen,
and whether anything moves that should not.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from statistics import quantiles
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from bench.harness.options import whole
from bench.harness.report import Report
from bench.harness.stage import Stage, stage
from bench.load.fixtures import fill
from bench.load.page_memory import grown, last, look_on
from bench.sql import query
from stockstream.connectors.postgres.connection import address_of, connect
from stockstream.connectors.web import require_answer
from stockstream.errors import ServiceError, UsageError
from stockstream.services.ports import free_port
from stockstream.settings import PROJECT, Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from playwright.sync_api import Browser

TIMEOUT = 120  # seconds, for a page's server to answer
STORE_EVERY = 0.5  # seconds
DAYS = 1
QUERY = "refresh=1&times=UTC"
WHOLE = f"{QUERY}&window=all"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NEWER = """
INSERT INTO trades (trade_id, "timestamp", symbol, price, volume, trade_type, source,
                    kafka_partition, kafka_offset)
SELECT 'live-' || %(at)s || '-' || number, %(now)s, (ARRAY['AAPL', 'MSFT', 'TSLA', 'WMT'])[number],
       150 + number, 100, 'BUY', 'live', 0, %(at)s * 4 + number
FROM generate_series(1, 4) AS number
"""


@dataclass(frozen=True)
class Served:
    """A page that is served, and the process that serves it."""

    address: str
    pid: int


def add_options(parser: ArgumentParser) -> None:
    """Add the options that make the benchmark small."""
    add = parser.add_argument
    add("--trades", type=whole, default=10_000_000, metavar="N", help="on the tape (%(default)s)")
    add("--loads", type=whole, default=10, metavar="N", help="of each page, in turns (%(default)s)")
    add("--seconds", type=whole, default=120, metavar="S", help="of refreshes each second (%(default)s)")
    add("--viewers", type=whole, default=10, metavar="N", help="at once, afterwards (%(default)s)")
    add(
        "--memory-minutes",
        type=whole,
        default=0,
        metavar="M",
        help="of one viewer for the memory, besides (none)",
    )


def measure(arguments: Namespace, stop: Event) -> Report:
    """Fill the tape, then open and refresh the page, and add many viewers.

    Raises:
        UsageError: the library that drives the browser is not installed.
    """
    if find_spec("playwright") is None:
        raise UsageError(
            what="the dashboard's bench needs a browser; run: pip install -r requirements-dev.txt"
        )
    from bench.load import viewers  # noqa: PLC0415 - the other benchmarks need no browser

    facts: dict[str, Any] = {}
    with stage(stop) as scene, scene.fresh() as settings:
        _fill(scene, settings, arguments.trades)
        with _trading(settings) as committed, served(scene, settings, "dashboard.py") as dashboard:
            with viewers.chromium() as browser, viewers.shown_plainly():
                with served(scene, settings, "bench/yardsticks/plain_page.py") as plain:
                    facts |= _loads(scene, browser, (dashboard, plain), arguments.loads)
                facts |= _refreshes(scene, browser, dashboard, committed, arguments.seconds)
                if minutes := arguments.memory_minutes:
                    facts["lasting"] = last(scene, browser, dashboard.address, dashboard.pid, minutes)
            facts |= _crowd(scene, dashboard.address, arguments.viewers, arguments.seconds // 4 + 10)
    return _report(arguments, facts)


def _loads(scene: Stage, browser: "Browser", pages: tuple[Served, Served], rounds: int) -> dict[str, Any]:
    from bench.load.viewers import CANDLES, NUMBERS, viewing  # noqa: PLC0415

    seconds: dict[str, list[float]] = {"dashboard_load": [], "plain_load": []}
    ways = {
        "dashboard_load": (pages[0].address, NUMBERS, CANDLES),
        "plain_load": (pages[1].address, "[data-testid=stMetricValue]", ".js-plotly-plot .main-svg"),
    }
    for _ in range(rounds):
        for name, way in ways.items():
            scene.go_on()
            with viewing(browser, *way) as (_, took):
                seconds[name].append(took)
    told = _told(seconds["dashboard_load"])
    scene.say(f"opened {rounds} times each: {told}, plain {_told(seconds['plain_load'])}")
    return seconds


def _refreshes(
    scene: Stage, browser: "Browser", served: Served, committed: list[datetime], seconds: int
) -> dict[str, Any]:
    from bench.load.viewers import CANDLES, NUMBERS, viewing  # noqa: PLC0415

    with viewing(browser, f"{served.address}/?{QUERY}", NUMBERS, CANDLES) as (viewer, _):
        _look(scene, viewer.page.wait_for_timeout, 10)
        since = len(committed)
        facts = look_on(scene, viewer, served.pid, seconds)
        facts["commit_to_pixel"] = viewer.delays(committed[since:-10])
    scene.say(f"{len(facts['seen_refresh'])} refreshes: {_told(facts['seen_refresh'])} as a browser sees it")
    return facts


def _crowd(scene: Stage, address: str, viewers: int, seconds: int) -> dict[str, Any]:
    from bench.load.protocol_viewers import look_on  # noqa: PLC0415

    facts = {}
    looks = (("refresh", QUERY, 1), ("whole_refresh", WHOLE, 1), ("crowd_refresh", QUERY, viewers))
    for name, asked, count in looks:
        scene.go_on()
        facts[name] = look_on(address, asked, count, seconds)
        scene.say(f"{MEASURED[name]}: {len(facts[name])} refreshes, {_told(facts[name])}")
    return facts


def _look(scene: Stage, wait: Callable[[float], None], seconds: int) -> None:
    for _ in range(seconds):
        scene.go_on()
        wait(1_000)


def _fill(scene: Stage, settings: Settings, trades: int) -> None:
    fill(scene, settings, trades, DAYS)
    with closing(connect(address_of(settings), "bench")) as connection, connection.cursor() as cursor:
        cursor.execute(query("fill_candles"), {"since": EPOCH})
        connection.commit()
        connection.autocommit = True
        cursor.execute("VACUUM ANALYZE stock_metrics")
    scene.say(f"{trades:,} trades stored, with their candles")


@contextmanager
def _trading(settings: Settings) -> Iterator[list[datetime]]:
    """Store four trades at a time, and their candles; yield the times of the commits."""
    done, committed = Event(), list[datetime]()

    def trade() -> None:
        with closing(connect(address_of(settings), "bench")) as connection, connection.cursor() as cursor:
            at = 1
            while not done.wait(STORE_EVERY):
                now = datetime.now(UTC)
                cursor.execute(NEWER, {"at": at, "now": now})
                cursor.execute(query("fill_candles"), {"since": now.replace(second=0, microsecond=0)})
                connection.commit()
                committed.append(now)
                at += 1

    thread = Thread(target=trade)
    thread.start()
    try:
        yield committed
    finally:
        done.set()
        thread.join()


@contextmanager
def served(scene: Stage, settings: Settings, script: str) -> Iterator[Served]:
    """Run a Streamlit page on a free port until the block ends."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = ("-m", "streamlit", "run", str(PROJECT / script), "--server.port", str(port))
    with scene.script(settings, *command) as process:
        for _ in range(TIMEOUT):
            try:
                require_answer(f"{address}/_stcore/health", 1)
                break
            except ServiceError:
                if process.poll() is not None:
                    raise
                scene.stop.wait(1)
                scene.go_on()
        yield Served(address, process.pid)


def _percentiles(seconds: Sequence[float]) -> tuple[float, float]:
    """Return the median and the 95th percentile."""
    if len(seconds) < 2:  # noqa: PLR2004 - a single value is its own percentile
        return (seconds[0], seconds[0]) if seconds else (float("nan"), float("nan"))
    cuts = quantiles(seconds, n=20, method="inclusive")
    return cuts[9], cuts[18]


def _told(seconds: Sequence[float]) -> str:
    middle, high = _percentiles(seconds)
    return f"{1000 * middle:,.0f} ms in the middle, {1000 * high:,.0f} ms at p95"


MEASURED = {
    "dashboard_load": "cold load to numbers and candles",
    "plain_load": "cold load of a page with one chart",
    "refresh": "refresh, server's time",
    "whole_refresh": "refresh, server's time, window of the whole tape",
    "crowd_refresh": "refresh, server's time, all viewers",
    "seen_refresh": "refresh, as a browser here sees it",
    "commit_to_pixel": "commit to pixel",
}


def _report(arguments: Namespace, facts: dict[str, Any]) -> Report:
    cuts = {name: _percentiles(facts[name]) for name in MEASURED}
    rows = [
        (told, f"{len(facts[name]):,}", f"{1000 * cuts[name][0]:,.0f}", f"{1000 * cuts[name][1]:,.0f}")
        for name, told in MEASURED.items()
    ]
    parts = [facts, *([facts["lasting"]] if "lasting" in facts else [])]
    for part in parts:
        rows += [
            (
                f"of {len(part['seen_refresh'])} refreshes: charts removed",
                str(part["charts_removed"]),
                "",
                "",
            ),
            ("layout shift", f"{part['layout_shift']:.4f}", "", ""),
            ("console errors", str(len(part["console_errors"])), "", ""),
            ("server memory", grown(part["held_bytes"]), "", ""),
        ]
    load = cuts["dashboard_load"][1] / cuts["plain_load"][1]
    facts["ratios"] = {"load": load, "refresh_p50": cuts["refresh"][0], "refresh_p95": cuts["refresh"][1]}
    ratio = (
        f"{load:.2f} of a plain page's cold load at p95; refresh {1000 * cuts['refresh'][0]:.0f} /"
        f" {1000 * cuts['refresh'][1]:.0f} ms (p50 / p95), {arguments.viewers} viewers"
        f" {1000 * cuts['crowd_refresh'][1]:.0f} ms (p95);"
        f" commit to pixel {cuts['commit_to_pixel'][1]:.2f} s (p95)"
    )

    def draw(axes: "Axes") -> None:
        axes.boxplot([facts[name] for name in MEASURED], tick_labels=list(MEASURED), orientation="horizontal")
        axes.set_xlabel("seconds")

    title = f"The dashboard over {arguments.trades:,} trades, {arguments.viewers} viewers at the end"
    return Report("dashboard", title, ("what", "count", "p50, ms", "p95, ms"), rows, facts, ratio, draw)

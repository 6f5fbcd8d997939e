"""What it costs to reconcile candles with the tape, and how soon they are equal to it.

Three parts, each with the processes that a user runs, on a database of its own: PostgreSQL's CPU to reconcile
a backlog that consumer.py has stored, as a share of storing it; a day of trades in a file that is sorted by
symbol, replayed beside a consumer and an aggregator; and a live market at an even pace.
"""

import csv
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import TYPE_CHECKING

from bench.harness.options import whole
from bench.harness.probes import cpu_seconds
from bench.harness.report import Report
from bench.harness.rounds import middle, percentile
from bench.harness.stage import LONGEST, SEED, Stage, ended, stage
from bench.load.consuming import Progress, consume
from bench.sql import query
from stockstream.connectors.kafka.topic import ends as ends_of
from stockstream.connectors.postgres.connection import address_of, connect
from stockstream.connectors.postgres.store.reconciliation import Reconciliation
from stockstream.settings import Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOOK_EVERY = 0.1
IDLE = "1"
MINUTE = 60.0
SPARE = 10  # seconds, for the start
DAY = timedelta(days=1)
HEADS = ("trade_id", "timestamp", "symbol", "price", "volume", "trade_type")


@dataclass(frozen=True)
class Cost:
    """PostgreSQL's seconds of CPU to store a backlog and to reconcile its candles."""

    storing: float
    reconciling: float

    @property
    def share(self) -> float:
        """The cost of reconciling relative to storing."""
        return self.reconciling / self.storing


def add_options(parser: ArgumentParser) -> None:
    """Add the options that make the benchmark small."""
    add = parser.add_argument
    add("--trades", type=whole, default=1_000_000, metavar="N", help="of backlog and file (%(default)s)")
    add("--symbols", type=whole, default=100, metavar="N", help="in the file (%(default)s)")
    add("--rounds", type=whole, default=3, metavar="R", help="runs of the backlog (%(default)s)")
    add("--rate", type=whole, default=10_000, metavar="R", help="live trades/s (%(default)s)")
    add("--minutes", type=whole, default=4, metavar="M", help="of the live market (%(default)s)")
    add("--no-live", action="store_true", help="leave the live market out")


def measure(arguments: Namespace, stop: Event) -> Report:
    """Run the three parts one after the other."""
    with stage(stop) as scene:
        scene.produce(arguments.trades)
        scene.say("waiting until the minute of the last trade is over")
        stop.wait(MINUTE - time.time() % MINUTE)
        costs = [_cost(scene) for _ in range(arguments.rounds)]
        after_last = _sorted(scene, arguments.trades, arguments.symbols)
        lags = [] if arguments.no_live else _live(scene, arguments.rate, arguments.minutes)
    return _report(arguments, costs, after_last, lags)


def _cost(scene: Stage) -> Cost:
    scene.go_on()
    ends = ends_of(scene.settings.kafka_bootstrap_servers, scene.settings.kafka_topic)
    with scene.fresh() as settings:
        stored = consume(scene, settings, dict.fromkeys(ends, 0), ends)
        before = cpu_seconds(scene.servers.postgres.pid)
        with scene.script(settings, "aggregator.py", "--reconcile-only", "--exit-when-idle", IDLE) as process:
            ended(process, "aggregator.py")
        found = Cost(stored.cpu.postgres, cpu_seconds(scene.servers.postgres.pid) - before)
        _require_equal(scene, settings)
    scene.say(f"PostgreSQL's CPU: storing {found.storing:.2f} s, reconciling {found.reconciling:.2f} s")
    return found


def _sorted(scene: Stage, trades: int, symbols: int) -> float:
    """Return the seconds from the storing of the file's last trade until all candles equal the tape."""
    with (
        TemporaryDirectory() as folder,
        _pipeline(scene, "sorted") as settings,
        Progress(settings) as progress,
    ):
        path = Path(folder) / "sorted.csv"
        _write_sorted(path, trades, symbols)
        replay = ("--source", "replay", "--file", str(path), "--speed", "max")
        with scene.script(settings, "producer.py", *replay) as producer:
            ended(producer, "producer.py")
        ends = ends_of(settings.kafka_bootstrap_servers, settings.kafka_topic)
        for _ in scene.looks(LOOK_EVERY, LONGEST, "consumer.py has not stored the file"):
            if progress.look() == ends:
                break
        stored_at = time.monotonic()
        _wait_for_none_waiting(scene, settings)
        took = time.monotonic() - stored_at
        _require_equal(scene, settings)
    scene.say(f"sorted by symbol: equal {took:.1f} s after the last trade was stored")
    return took


def _live(scene: Stage, rate: int, minutes: int) -> list[float]:
    """Return for each candle how many seconds after its minute it was permanently equal to the tape."""
    with _pipeline(scene, "live") as settings:
        options = ("--rate", str(rate), "--count", str(rate * (60 * minutes + SPARE)), "--seed", SEED)
        with scene.script(settings, "producer.py", *options) as producer:
            ended(producer, "producer.py")
        _wait_for_none_waiting(scene, settings)
        with closing(connect(address_of(settings), "bench")) as connection, connection.cursor() as cursor:
            cursor.execute(query("reconciled_after"))
            found = [float(lag) for (lag,) in cursor]
    scene.say(f"live: {len(found):,} candles, p99 {percentile(found, 99):.1f} s after the minute")
    return found


@contextmanager
def _pipeline(scene: Stage, name: str) -> Iterator[Settings]:
    """Run a consumer and an aggregator on their own topic and database."""
    scene.go_on()
    own = scene.topic(name)
    with scene.fresh() as made, ExitStack() as stack:
        settings = own.model_copy(update={"postgres_db": made.postgres_db})
        running = {
            script: stack.enter_context(scene.script(settings, script))
            for script in ("consumer.py", "aggregator.py")
        }
        yield settings
        for script, process in running.items():
            process.terminate()
            ended(process, script)


def _write_sorted(path: Path, trades: int, symbols: int) -> None:
    """Write a day of trades, all of one symbol before those of the next."""
    begin = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - 2 * DAY
    each = trades // symbols
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADS)
        for number in range(symbols):
            for place in range(each):
                at = (begin + place * DAY / each).isoformat()
                price, side = f"{100 + place % 50}.{place % 100:02}", "BUY" if place % 2 else "SELL"
                writer.writerow((f"{number}-{place}", at, f"S{number:04}", price, 1 + place % 90, side))


def _wait_for_none_waiting(scene: Stage, settings: Settings) -> None:
    with closing(Reconciliation(address_of(settings))) as minutes:
        for _ in scene.looks(LOOK_EVERY, LONGEST, "the candles are not reconciled"):
            if not minutes.waiting().minutes:
                return


def _require_equal(scene: Stage, settings: Settings) -> None:
    """Raise ServiceError if a candle differs from its trades: its speed would then be meaningless."""
    with scene.script(settings, "test_system.py", "--audit") as audit:
        ended(audit, "test_system.py")


def _report(arguments: Namespace, costs: list[Cost], after_last: float, lags: list[float]) -> Report:
    share = middle(costs, lambda cost: cost.share)
    return Report(
        bench="reconcile",
        title=f"Reconciling candles with {arguments.trades:,} trades; median of {arguments.rounds}",
        columns=("what", "measured"),
        rows=[
            ["PostgreSQL's CPU s: storing", f"{middle(costs, lambda cost: cost.storing):.2f}"],
            ["  reconciling", f"{middle(costs, lambda cost: cost.reconciling):.2f}"],
            [f"a file of {arguments.symbols:,} symbols one after the other: s", f"{after_last:.1f}"],
            *_lag_rows(arguments.rate, lags),
        ],
        facts={
            "costs": [*map(asdict, costs)],
            "sorted_seconds": after_last,
            "live_seconds": lags,
            "ratios": {"reconciling_to_storing": share},
        },
        ratio=f"PostgreSQL's CPU to reconcile ÷ to store {share:.2f}",
        draw=partial(_draw, lags),
    )


def _lag_rows(rate: int, lags: list[float]) -> list[list[str]]:
    if not lags:
        return []
    return [
        [f"live at {rate:,} trades/s, after the minute: p50 s", f"{percentile(lags, 50):.1f}"],
        ["  p99 s", f"{percentile(lags, 99):.1f}"],
    ]


def _draw(lags: list[float], axes: "Axes") -> None:
    axes.hist(lags, bins=30, color="#3b6ea5")
    axes.set_xlabel("seconds from the end of a minute until its candle equals the tape")
    axes.set_ylabel("candles")

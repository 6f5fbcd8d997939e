"""Whether storing a trade costs more when many are stored already.

consumer.py stores the same messages of a full topic in an empty table and in one that holds
millions of trades of the past days, in turns on the same server. At the end the oldest whole day of the
grown table is pruned.
"""

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event
from typing import TYPE_CHECKING

from bench.harness.options import whole
from bench.harness.report import Report
from bench.harness.rounds import in_turns, middle
from bench.harness.stage import PARTITIONS, Stage, stage
from bench.load.consuming import Consumed, consume
from bench.load.fixtures import fill
from bench.sql import query
from stockstream.connectors.kafka.topic import ends as ends_of
from stockstream.connectors.postgres import maintenance
from stockstream.connectors.postgres.connection import address_of, connect
from stockstream.settings import Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EMPTY, GROWN = "empty table", "grown table"


@dataclass(frozen=True)
class Pruned:
    """A day of trades that was dropped: PostgreSQL's estimate of its rows, and how long it took."""

    rows: int
    seconds: float


class _Backlog:
    """The messages of the round: from the end of the previous one to the end of the topic."""

    def __init__(self, scene: Stage, trades: int) -> None:
        self._scene = scene
        self._trades = trades
        self.begins = dict.fromkeys(range(PARTITIONS), 0)
        self.ends = self.begins

    def add(self) -> None:
        """Send the messages of the next round."""
        self.begins = self.ends
        self._scene.produce(self._trades)
        self.ends = ends_of(self._scene.settings.kafka_bootstrap_servers, self._scene.settings.kafka_topic)


def add_options(parser: ArgumentParser) -> None:
    """Add the options that make the benchmark small."""
    add = parser.add_argument
    add("--rows", type=whole, default=50_000_000, metavar="N", help="in the grown table (%(default)s)")
    add(
        "--days",
        type=whole,
        default=5,
        metavar="D",
        help="that they are spread over, up to now (%(default)s)",
    )
    add("--trades", type=whole, default=2_000_000, metavar="N", help="stored in a run (%(default)s)")
    add("--rounds", type=whole, default=3, metavar="R", help="runs on each table (%(default)s)")


def measure(arguments: Namespace, stop: Event) -> Report:
    """Fill a table, then measure it and an empty one in turns."""
    with stage(stop) as scene, scene.fresh() as grown:
        fill(scene, grown, arguments.rows, arguments.days)
        scene.say(f"{arguments.rows:,} trades of {arguments.days} days stored, the database at rest")
        backlog = _Backlog(scene, arguments.trades)
        ways = {EMPTY: partial(_on_empty, scene, backlog), GROWN: partial(_on, scene, backlog, grown, GROWN)}
        results = in_turns(ways, arguments.rounds, backlog.add)
        pruned = _prune(grown, timedelta(days=arguments.days - 1))
        scene.say(f"a day of {pruned.rows:,} trades dropped in {1_000 * pruned.seconds:.0f} ms")
    return _report(arguments, results, pruned)


def _prune(settings: Settings, age: timedelta) -> Pruned:
    """Drop the largest day that ended before `age`, as `database.py prune` does; without one, zero rows."""
    address = address_of(settings)
    with closing(connect(address, "bench")) as connection:
        days = maintenance.old_days(connection, address, datetime.now(UTC) - age)
        began = time.perf_counter()
        for day in (largest := sorted(days, key=lambda each: each.rows)[-1:]):
            maintenance.drop_day(connection, address, day)
        return Pruned(sum(day.rows for day in largest), time.perf_counter() - began)


def _on_empty(scene: Stage, backlog: _Backlog) -> Consumed:
    with scene.fresh() as settings:
        _set_places(settings, backlog.begins)
        return _on(scene, backlog, settings, EMPTY)


def _on(scene: Stage, backlog: _Backlog, settings: Settings, name: str) -> Consumed:
    scene.go_on()
    scene.checkpoint()
    run = consume(scene, settings, backlog.begins, backlog.ends)
    scene.say(f"{name}: {run.rate:,.0f} trades/s")
    return run


def _set_places(settings: Settings, begins: Mapping[int, int]) -> None:
    """Let the consumer of an empty database start where that of the grown database continues."""
    with (
        closing(connect(address_of(settings), "bench")) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        for partition, offset in begins.items():
            place = {"topic": settings.kafka_topic, "partition": partition, "offset": offset}
            cursor.execute(query("set_place"), place)


def _report(arguments: Namespace, results: Mapping[str, list[Consumed]], pruned: Pruned) -> Report:
    rates = {name: middle(runs, lambda run: run.rate) for name, runs in results.items()}
    ratio = rates[GROWN] / rates[EMPTY]
    return Report(
        bench="growth",
        title=f"consumer.py, empty table and one of {arguments.rows:,} rows; median of {arguments.rounds}",
        columns=("table", "trades/s", "slowest", "fastest", "PostgreSQL's CPU s per million"),
        rows=[_row(name, runs) for name, runs in results.items()],
        facts={
            "medians": rates,
            "runs": {name: list(map(asdict, runs)) for name, runs in results.items()},
            "pruned": asdict(pruned),
            "ratios": {"grown_to_empty": ratio},
        },
        ratio=f"grown ÷ empty {ratio:.2f}; {pruned.rows:,} trades pruned in {1_000 * pruned.seconds:.0f} ms",
        draw=partial(_draw, results),
    )


def _row(name: str, runs: list[Consumed]) -> list[str]:
    rates = [run.rate for run in runs]
    cpu = middle(runs, lambda run: run.cpu.per_million(run.trades).postgres)
    return [
        name,
        f"{middle(runs, lambda run: run.rate):,.0f}",
        f"{min(rates):,.0f}",
        f"{max(rates):,.0f}",
        f"{cpu:.2f}",
    ]


def _draw(results: Mapping[str, list[Consumed]], axes: "Axes") -> None:
    for place, (name, runs) in enumerate(results.items()):
        rates = [run.rate for run in runs]
        axes.bar(name, middle(runs, lambda run: run.rate), width=0.5, color="#3b6ea5")
        axes.plot([place] * len(rates), rates, "o", color="#d9822b")
    axes.set_ylabel("trades a second (bar: median, dots: runs)")

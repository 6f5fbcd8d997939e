"""How near the consumer comes to the fastest that this PostgreSQL can take the same rows.

Side by side, in turns, on the same server and the same table: COPY of ready bytes (the limit),
consumer.py from a full topic, one INSERT and COMMIT a trade, and the consumer's loop in this
process, as it is, without the fence, and without the notes of touched minutes.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from statistics import median
from threading import Event
from typing import TYPE_CHECKING

from bench.harness.options import whole
from bench.harness.report import Report
from bench.harness.rounds import in_turns, middle
from bench.harness.stage import Stage, stage
from bench.load.consuming import Consumed, consume
from bench.yardsticks.encoded_rows import copy_seconds, emptied, encoded_rows
from bench.yardsticks.fence_cost import UnfencedTape, UnnotedTape, ingest_rate
from bench.yardsticks.naive import insert_rate
from stockstream.connectors.kafka.topic import ends as ends_of
from stockstream.settings import Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COPY, CONSUMER, INSERT = "COPY of ready bytes", "consumer.py", "INSERT and COMMIT each"
FENCED, UNFENCED, UNNOTED = "consumer's loop", "the same, no fence", "the same, no notes"
NEVER_BEGUN = 0


@dataclass(frozen=True)
class Run:
    """One run of one way; `consumed` is set if consumer.py ran."""

    rate: float
    consumed: Consumed | None = None


Way = Callable[[Settings], Run]


def add_options(parser: ArgumentParser) -> None:
    """Add the options that make the benchmark small."""
    parser.add_argument(
        "--trades", type=whole, default=2_000_000, metavar="N", help="in the topic (%(default)s)"
    )
    parser.add_argument("--inserts", type=whole, default=5_000, metavar="N", help="one by one (%(default)s)")
    parser.add_argument("--rounds", type=whole, default=3, metavar="R", help="runs of each way (%(default)s)")


def measure(arguments: Namespace, stop: Event) -> Report:
    """Run all ways in turns."""
    with stage(stop) as scene:
        scene.produce(arguments.trades)
        topic_ends = ends_of(scene.settings.kafka_bootstrap_servers, scene.settings.kafka_topic)
        with scene.fresh() as first:
            run = consume(scene, first, dict.fromkeys(topic_ends, NEVER_BEGUN), topic_ends)
            scene.say(f"warm-up: consumer.py stored all, {run.rate:,.0f} trades/s")
            batches = encoded_rows(scene, first)
            scene.say(f"{len(batches):,} batches of ready bytes, {sum(map(len, batches)) / 1e6:,.0f} MB")
            emptied(first)
            ways = _ways(scene, topic_ends, batches, min(arguments.inserts, arguments.trades))
            results = in_turns(
                {name: partial(_run, scene, first, name, way) for name, way in ways.items()}, arguments.rounds
            )
    return _report(arguments, results)


def _ways(scene: Stage, topic_ends: Mapping[int, int], batches: list[bytes], inserts: int) -> dict[str, Way]:
    trades = sum(topic_ends.values())
    begins = dict.fromkeys(topic_ends, NEVER_BEGUN)

    def consumed(settings: Settings) -> Run:
        run = consume(scene, settings, begins, topic_ends)
        return Run(run.rate, run)

    return {
        COPY: lambda settings: Run(trades / copy_seconds(settings, batches)),
        CONSUMER: consumed,
        INSERT: lambda settings: Run(insert_rate(settings, inserts)),
        FENCED: lambda settings: Run(ingest_rate(settings, topic_ends)),
        UNFENCED: lambda settings: Run(ingest_rate(settings, topic_ends, UnfencedTape)),
        UNNOTED: lambda settings: Run(ingest_rate(settings, topic_ends, UnnotedTape)),
    }


def _run(scene: Stage, template: Settings, name: str, way: Way) -> Run:
    """Run a way on its own database, which has the partitions for these rows, but no row."""
    scene.go_on()
    with scene.fresh(template.postgres_db) as settings:
        run = way(settings)
    scene.say(f"{name}: {run.rate:,.0f} trades/s")
    return run


def _report(arguments: Namespace, results: Mapping[str, list[Run]]) -> Report:
    rates = {name: middle(runs, lambda run: run.rate) for name, runs in results.items()}
    consumed = [run.consumed for run in results[CONSUMER] if run.consumed]
    costs = _costs(consumed)
    ratios = {
        "consumer_to_copy": rates[CONSUMER] / rates[COPY],
        "consumer_to_insert": rates[CONSUMER] / rates[INSERT],
        "fence_cost_percent": 100 * (1 - _of_pairs(results[FENCED], results[UNFENCED])),
        "noting_to_without": _of_pairs(results[FENCED], results[UNNOTED]),
    }
    return Report(
        bench="sink",
        title=f"From topic to table, {arguments.trades:,} trades, durable; median of {arguments.rounds}",
        columns=("way", "trades/s", "slowest", "fastest", "to COPY"),
        rows=[*_rows(results, rates), *_cost_rows(costs)],
        facts={
            "rates": _all(results),
            "medians": rates,
            "consumer": costs,
            "runs": list(map(asdict, consumed)),
            "ratios": ratios,
        },
        ratio=f"consumer ÷ COPY {ratios['consumer_to_copy']:.2f}, "
        f"consumer ÷ INSERT {ratios['consumer_to_insert']:.0f}, "
        f"fence and bookkeeping cost {ratios['fence_cost_percent']:.1f} %, "
        f"with notes ÷ without {ratios['noting_to_without']:.2f}",
        draw=partial(_draw, rates),
    )


def _of_pairs(ours: list[Run], without: list[Run]) -> float:
    """Return the median ratio of rates over the rounds, each with a pair of adjacent runs.

    A cost below the machine's own scatter gives a ratio near one, or above.
    """
    return median(one.rate / other.rate for one, other in zip(ours, without, strict=True))


def _costs(consumed: list[Consumed]) -> dict[str, float]:
    return {
        "rate_from_process_start": middle(consumed, lambda run: run.trades / run.seconds),
        "cpu_consumer_per_million": middle(consumed, lambda run: run.cpu.per_million(run.trades).consumer),
        "cpu_postgres_per_million": middle(consumed, lambda run: run.cpu.per_million(run.trades).postgres),
        "cpu_kafka_per_million": middle(consumed, lambda run: run.cpu.per_million(run.trades).kafka),
        "peak_mb": middle(consumed, lambda run: run.peak_bytes / 1e6),
    }


def _all(results: Mapping[str, list[Run]]) -> dict[str, list[float]]:
    return {name: [run.rate for run in runs] for name, runs in results.items()}


def _rows(results: Mapping[str, list[Run]], rates: Mapping[str, float]) -> list[list[str]]:
    return [
        [
            name,
            f"{rates[name]:,.0f}",
            f"{min(all_of):,.0f}",
            f"{max(all_of):,.0f}",
            f"{rates[name] / rates[COPY]:.3f}",
        ]
        for name, all_of in _all(results).items()
    ]


def _cost_rows(costs: Mapping[str, float]) -> list[list[str]]:
    return [
        [f"{CONSUMER}, start-up included", f"{costs['rate_from_process_start']:,.0f}"],
        ["  its CPU s per million", f"{costs['cpu_consumer_per_million']:.2f}"],
        ["  PostgreSQL's", f"{costs['cpu_postgres_per_million']:.2f}"],
        ["  Kafka's", f"{costs['cpu_kafka_per_million']:.2f}"],
        ["  its peak memory, MB", f"{costs['peak_mb']:,.0f}"],
    ]


def _draw(rates: Mapping[str, float], axes: "Axes") -> None:
    names = list(rates)[::-1]
    bars = axes.barh(names, [rates[name] for name in names], color="#3b6ea5")
    axes.bar_label(bars, labels=[f"{rates[name]:,.0f}" for name in names], padding=4)
    axes.set_xlabel("trades a second")
    axes.margins(x=0.15)

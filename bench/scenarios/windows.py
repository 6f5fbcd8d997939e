"""How fast candles are made: aggregator.py, our Flink job and a plain one, over the same backlog.

Each engine is the process that a user runs, on a database of its own. Timed is from the start of the
process until the candles show every trade, and the steady pace on the way; then trades come at an even
pace, and each counts as shown when the candles show as many. The plain job is the yardstick: a window of
Flink's own, which shows nothing before it closes.
"""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Any

from bench.harness.options import whole, wholes
from bench.harness.report import Report
from bench.harness.rounds import in_turns, middle, percentile
from bench.harness.stage import SEED, Stage, ended, stage
from bench.scenarios.windows_engines import AGGREGATOR, COMMANDS, YARDSTICK, Worked, work_off
from bench.scenarios.windows_freshness import Floats, Pace, freshness
from stockstream.commands.argument_types import positive
from stockstream.settings import Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEW = 100  # trades before the steady pace begins, which wake the engine

Results = Mapping[tuple[str, int], list[Worked]]


def add_options(parser: ArgumentParser) -> None:
    """Add the options that make the benchmark small."""
    add = parser.add_argument
    add("--trades", type=whole, default=2_000_000, metavar="N", help="in the backlog (%(default)s)")
    add("--symbols", type=wholes, default=[10, 1_000], metavar="N,N", help="in each backlog (10,1000)")
    add("--engines", type=_engines, default=list(COMMANDS), metavar="E,E", help=f"of {','.join(COMMANDS)}")
    add("--rounds", type=whole, default=3, metavar="R", help="runs of each (%(default)s)")
    add("--rate", type=whole, default=10_000, metavar="R", help="trades/s for freshness (%(default)s)")
    add("--seconds", type=positive, default=20.0, metavar="S", help="at that rate (%(default)g)")
    add("--warm-up", type=positive, default=5.0, metavar="S", help="before, not counted (%(default)g)")


def measure(arguments: Namespace, stop: Event) -> Report:
    """Run all engines in turns over each backlog, then one after the other at a steady pace."""
    with stage(stop) as scene:
        topics = {symbols: _backlog(scene, symbols, arguments.trades) for symbols in arguments.symbols}
        ways = {
            (name, symbols): partial(_worked, scene, name, topic, arguments.trades)
            for symbols, topic in topics.items()
            for name in arguments.engines
        }
        turns = in_turns({_named(*key): way for key, way in ways.items()}, arguments.rounds)
        results = {key: turns[_named(*key)] for key in ways}
        fresh = {name: _fresh(scene, name, arguments) for name in arguments.engines if name != YARDSTICK}
    return _report(arguments, results, fresh)


def _named(name: str, symbols: int) -> str:
    return f"{name}, {symbols:,} symbols"


def _engines(text: str) -> list[str]:
    names = text.split(",")
    if not set(names) <= COMMANDS.keys():
        message = f"{text!r} is not a list of {', '.join(COMMANDS)}"
        raise ArgumentTypeError(message)
    return names


def _backlog(scene: Stage, symbols: int, trades: int) -> Settings:
    settings = scene.topic(f"backlog-{symbols}")
    _produce(scene, settings, trades, "--symbols", str(symbols))
    scene.say(f"{trades:,} trades of {symbols:,} symbols in topic {settings.kafka_topic}")
    return settings


def _produce(scene: Stage, settings: Settings, trades: int, *options: str) -> None:
    command = ("producer.py", "--rate", "max", "--count", str(trades), "--seed", SEED, *options)
    with scene.script(settings, *command) as producer:
        ended(producer, "producer.py")


def _worked(scene: Stage, name: str, topic: Settings, trades: int) -> Worked:
    scene.go_on()
    with scene.fresh() as fresh:
        settings = topic.model_copy(update={"postgres_db": fresh.postgres_db})
        worked = work_off(scene, settings, name, trades)
    scene.say(f"{name} on {topic.kafka_topic}: {worked.rate:,.0f} trades/s, steady {worked.steady_rate:,.0f}")
    return worked


def _fresh(scene: Stage, name: str, arguments: Namespace) -> Floats:
    settings = scene.topic(f"fresh-{name}")
    _produce(scene, settings, FEW)
    with scene.fresh() as made:
        own = settings.model_copy(update={"postgres_db": made.postgres_db})
        found = freshness(scene, own, name, Pace(arguments.rate, arguments.seconds, arguments.warm_up))
    scene.say(f"{name} at {arguments.rate:,} trades/s: p99 {percentile(found, 99):,.0f} ms")
    return found


def _report(arguments: Namespace, results: Results, fresh: Mapping[str, Floats]) -> Report:
    ratios = _ratios(arguments, results)
    return Report(
        bench="windows",
        title=f"Candles of a backlog of {arguments.trades:,} trades, trades/s; median of {arguments.rounds}",
        columns=(
            "engine, symbols",
            "from start",
            "steady",
            "CPU s",
            "peak MB",
            "own MB",
            "fresh p50 ms",
            "p99 ms",
        ),
        rows=[_row(name, symbols, runs, fresh.get(name)) for (name, symbols), runs in results.items()],
        facts={
            "runs": [
                {"engine": name, "symbols": symbols, "rate": run.rate, **asdict(run)}
                for (name, symbols), runs in results.items()
                for run in runs
            ],
            "freshness_ms": {
                name: {"p50": percentile(found, 50), "p99": percentile(found, 99)}
                for name, found in fresh.items()
            },
            "ratios": ratios,
        },
        ratio=", ".join(f"{name.replace('_', ' ')} {ratio:.2f}" for name, ratio in ratios.items()),
        draw=partial(_draw, results),
    )


def _ratios(arguments: Namespace, results: Results) -> dict[str, float]:
    first, last = arguments.symbols[0], arguments.symbols[-1]
    found = {
        f"{label} ÷ plain flink (steady)": _steady(results, name, first) / _steady(results, YARDSTICK, first)
        for name, label in ((AGGREGATOR, AGGREGATOR), ("flink-2", "flink"))
        if {name, YARDSTICK} <= set(arguments.engines)
    }
    if AGGREGATOR in arguments.engines:
        among = _rate(results, AGGREGATOR, last) / _rate(results, AGGREGATOR, first)
        found[f"{last:,} ÷ {first:,} symbols"] = among
    return found


def _rate(results: Results, name: str, symbols: int) -> float:
    return middle(results[name, symbols], lambda run: run.rate)


def _steady(results: Results, name: str, symbols: int) -> float:
    return middle(results[name, symbols], lambda run: run.steady_rate)


def _row(name: str, symbols: int, runs: list[Worked], fresh: Floats | None) -> list[str]:
    return [
        f"{name}, {symbols:,}",
        f"{middle(runs, lambda run: run.rate):,.0f}",
        f"{middle(runs, lambda run: run.steady_rate):,.0f}",
        f"{middle(runs, lambda run: run.cpu):.1f}",
        f"{middle(runs, lambda run: run.peak_bytes / 1e6):,.0f}",
        f"{middle(runs, lambda run: run.own_bytes / 1e6):,.0f}",
        *("" if fresh is None else f"{percentile(fresh, share):,.0f}" for share in (50, 99)),
    ]


def _draw(results: Results, axes: "Axes") -> None:
    keys: list[Any] = list(results)[::-1]
    names = [_named(*key) for key in keys]
    rates = [_rate(results, *key) for key in keys]
    bars = axes.barh(names, rates, color="#3b6ea5")
    axes.bar_label(bars, labels=[f"{rate:,.0f}" for rate in rates], padding=4)
    axes.set_xlabel("trades a second, start-up included")
    axes.margins(x=0.15)

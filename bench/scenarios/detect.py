"""How many trades the detector scores a second, how long it learns, and how soon it answers.

Tapes are simulated in memory; each method is timed alone and then all together, from columns to findings.
The live figure is that of micro-batches, and the last one that of the command on a table of many rows.
"""

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median
from threading import Event
from typing import TYPE_CHECKING

import numpy as np

from bench.harness.options import whole
from bench.harness.report import Report
from bench.harness.stage import Stage, ended, stage
from bench.load.fixtures import fill
from stockstream.market.anomalies.detector import Detector
from stockstream.market.anomalies.ensemble import Ensemble
from stockstream.market.anomalies.features.market_book import MarketBook
from stockstream.market.anomalies.features.table import CONTEXT, features, zscores
from stockstream.market.anomalies.features.trade_window import TradeWindow
from stockstream.market.anomalies.models.forest import compressed
from stockstream.market.anomalies.models.model import Model, fit, fit_together
from stockstream.market.anomalies.rules import sequences
from stockstream.market.evaluation.labelled import simulate
from stockstream.market.simulator import Injection, listed
from stockstream.settings import Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEW, MANY = 10, 1_000
BATCH, BATCHES = 500, 200
SEED = 7


def add_options(parser: ArgumentParser) -> None:
    """Add the options that make the benchmark small."""
    add = parser.add_argument
    add("--trades", type=whole, default=1_000_000, metavar="N", help="scored, and learnt from (%(default)s)")
    add("--rows", type=whole, default=50_000_000, metavar="N", help="in the table (%(default)s)")
    add("--rounds", type=whole, default=3, metavar="R", help="of each (%(default)s)")


def measure(arguments: Namespace, stop: Event) -> Report:
    """Time scoring, training and the live batch, then the command on a filled table."""
    many_symbols = max(min(MANY, arguments.trades // 1_000), FEW)
    few, many = (_tapes(number, arguments.trades) for number in (FEW, many_symbols))
    model = fit_together(few[:3])
    rates = {
        f"{name}, {len(tapes):,} symbols": _rate(way, tapes, arguments.rounds)
        for tapes in (few, many)
        for name, way in _ways(model).items()
    }
    fitting = _seconds(lambda: [fit(tape) for tape in few])
    batch = _batch_p95(few, model)
    with stage(stop) as scene:
        asked = _asked(scene, arguments.rows, arguments.rounds)
    return _report(
        arguments, rates, {"fit_seconds": fitting, "batch_p95_ms": batch, "analyze_seconds": asked}
    )


def _tapes(symbols: int, trades: int) -> list[TradeWindow]:
    tapes = simulate(SEED, listed(symbols), 100.0, trades, Injection())
    return [tape.window for tape in tapes.values()]


def _ways(model: Model) -> dict[str, Callable[[TradeWindow], object]]:
    ensemble = Ensemble(model)

    def forest(tape: TradeWindow) -> object:
        return model.forest.score(compressed(features(tape)))

    def linear(tape: TradeWindow) -> object:
        return model.linear.score(compressed(features(tape)))

    return {
        "robust z": zscores,
        "features": features,
        "features and isolation forest": forest,
        "features and Hotelling": linear,
        "sequence rules": lambda tape: [rule.streaks(tape) for rule in sequences.RULES],
        "whole ensemble": ensemble.find,
    }


def _rate(way: Callable[[TradeWindow], object], tapes: Sequence[TradeWindow], rounds: int) -> float:
    """Return trades a second per core, without counting the warm-up or timing the first use."""
    way(tapes[0])
    seconds = [_cpu_seconds(lambda: [way(tape) for tape in tapes]) for _ in range(rounds)]
    return sum(max(len(tape) - CONTEXT, 0) for tape in tapes) / median(seconds)


def _cpu_seconds(work: Callable[[], object]) -> float:
    """Return the CPU seconds of a task: a single thread does it, and others may use the same core."""
    began = time.thread_time()
    work()
    return time.thread_time() - began


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _batch_p95(tapes: Sequence[TradeWindow], model: Model) -> float:
    """Return the 95th percentile of milliseconds for a batch of 500 trades over all symbols."""
    each = BATCH // len(tapes)
    market = MarketBook()
    for number, tape in enumerate(tapes):
        market.add(number, tape)
    detectors = [Detector(tape[:CONTEXT], Ensemble(model)) for tape in tapes]
    longest = min((min(map(len, tapes)) - CONTEXT) // each, BATCHES)
    spent = []
    for number in range(longest):
        place = CONTEXT + number * each
        parts = [tape[place : place + each] for tape in tapes]
        spent.append(_seconds(partial(_examine, detectors, parts, market)))
    return 1_000 * float(np.quantile(spent[1:], 0.95))


def _examine(detectors: Sequence[Detector], parts: Sequence[TradeWindow], market: MarketBook) -> None:
    for detector, part in zip(detectors, parts, strict=True):
        detector.examine(part, market.between)


def _asked(scene: Stage, rows: int, rounds: int) -> float:
    """Return the seconds that the command takes on a table of `rows` rows, from its start to its end."""
    with scene.fresh() as settings:
        fill(scene, settings, rows, days=5)
        return median(_seconds(partial(_analyze, scene, settings)) for _ in range(rounds + 1))


def _analyze(scene: Stage, settings: Settings) -> None:
    scene.go_on()
    command = ("anomaly_detector.py", "analyze", "AAPL", "--format", "json")
    with scene.script(settings, *command) as it:
        ended(it, "anomaly_detector.py")


def _report(arguments: Namespace, rates: dict[str, float], times: dict[str, float]) -> Report:
    whole_rate = rates[f"whole ensemble, {FEW} symbols"]
    rows = [[name, f"{rate:,.0f} trades a CPU second"] for name, rate in rates.items()]
    rows += [
        [f"learning from {arguments.trades:,} trades", f"{times['fit_seconds']:.1f} s"],
        [f"micro-batch of {BATCH}, 95th percentile", f"{times['batch_p95_ms']:.1f} ms"],
        [f"analyze AAPL, {arguments.rows:,} rows, with start-up", f"{times['analyze_seconds']:.2f} s"],
    ]
    return Report(
        bench="detect",
        title=f"the detector, {arguments.trades:,} trades; one thread, median of {arguments.rounds}",
        columns=("what", "measured"),
        rows=rows,
        facts={"rates": rates, **times, "ratios": {"ensemble_to_target": whole_rate / 50_000}},
        ratio=f"ensemble {whole_rate:,.0f} trades/s, micro-batch p95 {times['batch_p95_ms']:.1f} ms",
        draw=partial(_draw, rates),
    )


def _draw(rates: dict[str, float], axes: "Axes") -> None:
    axes.barh(list(rates), list(rates.values()), color="#3b6ea5")
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlabel("trades a second")

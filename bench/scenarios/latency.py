"""How long a trade takes from the moment it happens until it can be read from the table.

A sender keeps an even pace; consumer.py stores; a watcher asks about once a millisecond how far
`ingest_offsets` is, which moves in the transaction that stores the rows. So a trade counts as
visible when a reader saw it, at most one look later than it was.
"""

import json
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from subprocess import Popen
from threading import Event
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bench.harness.options import wholes
from bench.harness.probes import cpu_seconds
from bench.harness.report import Report
from bench.harness.stage import LONGEST, Stage, ended, stage
from bench.load.consuming import Progress
from stockstream.commands.argument_types import positive

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOOK_EVERY = 0.001
TIMEOUT = 30.0
PERCENTILES = (50.0, 99.0, 99.9)
CURVE = np.concatenate([np.arange(0, 99, 1.0), np.arange(99, 100, 0.02)])

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Paced:
    """One pace: what was sent, and the latencies of the sample.

    Args:
        rate: requested trades a second.
        sent_rate: trades a second that were sent.
        latencies: milliseconds, one per sampled trade.
        consumer_cpu: the share of one core that consumer.py took.
        looks: the watcher's looks per second.
    """

    rate: int
    sent_rate: float
    latencies: Floats
    consumer_cpu: float
    looks: float

    def percentile(self, share: float) -> float:
        """Return the latency that `share` percent of the trades do not exceed, in milliseconds."""
        return float(np.percentile(self.latencies, share))


def add_options(parser: ArgumentParser) -> None:
    """Add the options that make the benchmark small."""
    add = parser.add_argument
    add(
        "--rates",
        type=wholes,
        default=[1_000, 10_000, 50_000],
        metavar="R,R",
        help="trades/s (1000,10000,50000)",
    )
    add("--seconds", type=positive, default=20.0, metavar="S", help="measured at each rate (%(default)g)")
    add(
        "--warm-up",
        type=positive,
        default=3.0,
        metavar="S",
        help="sent before, not counted (%(default)g)",
    )


def measure(arguments: Namespace, stop: Event) -> Report:
    """Run one consumer through all paces."""
    with (
        stage(stop) as scene,
        scene.fresh() as settings,
        Progress(settings) as progress,
        scene.script(settings, "consumer.py") as consumer,
    ):
        for _ in scene.looks(LOOK_EVERY, TIMEOUT, "consumer.py took no partition", {"consumer.py": consumer}):
            if progress.look():
                break
        paces = [_paced(scene, progress, consumer, rate, arguments) for rate in arguments.rates]
        consumer.terminate()
        ended(consumer, "consumer.py")
    return _report(arguments, paces)


def _paced(
    scene: Stage, progress: Progress, consumer: "Popen[str]", rate: int, arguments: Namespace
) -> Paced:
    notes = scene.settings.data_dir / f"paced-{rate}.json"
    seconds = arguments.warm_up + arguments.seconds
    cpu, began, watched = cpu_seconds(consumer.pid), time.monotonic(), _Watched(progress)
    with scene.script(
        scene.settings, "-m", "bench.load.paced", str(rate), str(seconds), str(notes)
    ) as sender:
        for _ in scene.looks(LOOK_EVERY, LONGEST, "the sender does not end", {"consumer.py": consumer}):
            watched.look()
            if sender.poll() is not None:
                break
        ended(sender, "bench.load.paced")
    busy = (cpu_seconds(consumer.pid) - cpu) / (time.monotonic() - began)
    noted = json.loads(notes.read_text("utf-8"))
    samples = np.array(noted["samples"], np.int64).reshape(-1, 3)
    watched.await_all(scene, samples)
    happened = samples[:, 2]
    counted = samples[happened >= happened.min() + arguments.warm_up * 1e6]
    looks = len(watched.times) / (time.monotonic() - began)
    paced = Paced(rate, noted["sent"] / noted["seconds"], watched.latencies(counted), busy, looks)
    scene.say(f"{rate:,} trades/s: p99 {paced.percentile(99):.1f} ms, {len(counted):,} trades sampled")
    return paced


class _Watched:
    """The watcher's observations: at each look, the time and the next offset of each partition."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.times: list[int] = []
        self._seen: list[dict[int, int]] = []

    def look(self) -> dict[int, int]:
        seen = self._progress.look()
        self.times.append(time.time_ns() // 1000)
        self._seen.append(seen)
        return seen

    def await_all(self, scene: Stage, samples: NDArray[np.int64]) -> None:
        """Observe until every sampled trade is stored."""
        for _ in scene.looks(
            LOOK_EVERY, TIMEOUT, "consumer.py does not keep up; try lower --rates: not done"
        ):
            if _all_stored(self.look(), samples):
                return

    def latencies(self, samples: NDArray[np.int64]) -> Floats:
        """Return, for each sampled trade, the milliseconds from its time to the look that saw it stored."""
        times = np.array(self.times)
        visible = np.empty(len(samples), np.int64)
        for partition in np.unique(samples[:, 0]).tolist():
            ends = np.array([seen.get(partition, 0) for seen in self._seen])
            rows = samples[:, 0] == partition
            visible[rows] = times[np.searchsorted(ends, samples[rows, 1], side="right")]
        latencies: Floats = (visible - samples[:, 2]) / 1000
        return latencies


def _all_stored(ends: Mapping[int, int], samples: NDArray[np.int64]) -> bool:
    return all(
        ends.get(partition, 0) > samples[samples[:, 0] == partition, 1].max()
        for partition in np.unique(samples[:, 0]).tolist()
    )


def _report(arguments: Namespace, paces: list[Paced]) -> Report:
    first, last = paces[0], paces[-1]
    ratio = last.percentile(99) / first.percentile(99)
    return Report(
        bench="latency",
        title=f"A trade's time to visible row, ms; {arguments.seconds:g} s at each rate, durable",
        columns=(
            "trades/s",
            "sent/s",
            *(f"p{share:g}" for share in PERCENTILES),
            "sampled",
            "consumer's CPU",
            "looks/s",
        ),
        rows=[_row(paced) for paced in paces],
        facts={"paces": [_facts(paced) for paced in paces], "ratios": {"p99_last_to_first": ratio}},
        ratio=f"p99 at {last.rate:,}/s ÷ p99 at {first.rate:,}/s {ratio:.2f} "
        f"({last.percentile(99):.1f} ms, {first.percentile(99):.1f} ms)",
        draw=partial(_draw, paces),
    )


def _row(paced: Paced) -> list[str]:
    return [
        f"{paced.rate:,}",
        f"{paced.sent_rate:,.0f}",
        *(f"{paced.percentile(share):.1f}" for share in PERCENTILES),
        f"{paced.latencies.size:,}",
        f"{paced.consumer_cpu:.0%}",
        f"{paced.looks:,.0f}",
    ]


def _facts(paced: Paced) -> dict[str, object]:
    found = {f"p{share:g}_ms": paced.percentile(share) for share in PERCENTILES}
    rest = {key: value for key, value in asdict(paced).items() if key != "latencies"}
    return {**rest, "sampled": int(paced.latencies.size), **found}


def _draw(paces: list[Paced], axes: "Axes") -> None:
    for paced in paces:
        axes.plot(np.percentile(paced.latencies, CURVE), CURVE, label=f"{paced.rate:,} trades/s")
    axes.set_xscale("log")
    axes.set_xlabel("milliseconds from the trade to its visible row")
    axes.set_ylabel("% of trades")
    axes.legend(frameon=False)
    axes.grid(visible=True, alpha=0.3)

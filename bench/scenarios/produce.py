"""How near the producer comes to its client: simulated, encoded and sent, against ready bytes sent bare.

In turns, into the same topic of the same broker: the bare client with messages that are ready in
memory, the producer's loop with the simulated market in this process, and producer.py as a user runs
it; for comparison the simulation and its encoding alone, with nobody to send to. Then the pace:
how far the number of trades in a span of seconds is from the requested one. Last a replay of a CSV file of
such trades that is packed with gzip, and the memory of its process.
"""

import gzip
import os
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from itertools import pairwise
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Timer
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np
import psutil
from confluent_kafka import Producer

from bench.harness.options import whole, wholes
from bench.harness.report import Report
from bench.harness.rounds import in_turns, middle
from bench.harness.stage import SEED, Stage, ended, stage
from stockstream.connectors.kafka.sink import BLINK, PRODUCER_SETTINGS, QUEUE, KafkaSink, Messages
from stockstream.connectors.kafka.topic import ends
from stockstream.jobs.produce.loop import MOST, produce
from stockstream.jobs.produce.pace import SystemClock
from stockstream.jobs.produce.simulated_source import SyntheticSource
from stockstream.market.simulator import Market, listed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BARE, LOOP, SCRIPT, ENCODE = "bare client, ready bytes", "producer's loop", "producer.py", "no client"
REPLAY = "producer.py, replay of CSV.gz"
READY = 100_000  # distinct messages, sent again and again
BETWEEN_LOOKS = 0.5  # seconds
FAST = 100_000.0  # trades a second of market time, as in producer.py


class Replay(NamedTuple):
    """A replayed file: its rows, rows a second, and the most memory of the process in MB, its own and all."""

    rows: int
    rate: float
    own: float
    resident: float


class Run(NamedTuple):
    """One run of a way: trades a second by the clock, and the sender's seconds of CPU per million."""

    rate: float
    cpu: float


def add_options(parser: ArgumentParser) -> None:
    """Add the options that make the benchmark small."""
    add = parser.add_argument
    add("--trades", type=whole, default=1_000_000, metavar="N", help="of each run (%(default)s)")
    add("--rounds", type=whole, default=3, metavar="R", help="runs of each way (%(default)s)")
    add("--rates", type=wholes, default=[2, 100, 10_000], metavar="R,R", help="paces (2,100,10000)")
    add("--seconds", type=whole, default=60, metavar="S", help="of each pace (%(default)s)")
    add(
        "--replayed", type=whole, metavar="N", help="rows of the file that is replayed (default: as --trades)"
    )


def measure(arguments: Namespace, stop: Event) -> Report:
    """Run all ways in turns, then all paces."""
    with stage(stop) as scene:
        ready = _ready(min(READY, arguments.trades))
        ways = {
            BARE: partial(_bare, scene, ready, arguments.trades),
            LOOP: partial(_loop, scene, arguments.trades),
            SCRIPT: partial(_script, scene, arguments.trades),
            ENCODE: partial(_encode, arguments.trades),
        }
        _bare(scene, ready, len(ready))  # the first connection and the topic's first segments
        results = in_turns(
            {name: partial(_run, scene, name, way, arguments.trades) for name, way in ways.items()},
            arguments.rounds,
        )
        paces = {rate: _pace_error(scene, rate, arguments.seconds) for rate in arguments.rates}
        replayed = _replay(scene, arguments.replayed or arguments.trades)
    return _report(arguments, results, paces, replayed)


def _run(scene: Stage, name: str, way: Callable[[], float], trades: int) -> Run:
    scene.go_on()
    began = _cpu()
    rate = way()
    run = Run(rate, (_cpu() - began) / trades * 1e6)
    scene.say(f"{name}: {run.rate:,.0f} trades/s, {run.cpu:.2f} s of CPU a million")
    return run


def _cpu() -> float:
    """Return seconds of CPU of this process, its threads and the scripts that have ended, without servers."""
    return sum(os.times()[:4])


def _source(rate: float, *, paced: bool) -> SyntheticSource:
    market = Market(np.random.default_rng(int(SEED)), listed(10), rate)
    return SyntheticSource(market, SystemClock(), np.random.default_rng(), paced=paced)


def _ready(number: int) -> Messages:
    source = _source(FAST, paced=False)
    keys: list[bytes] = []
    values: list[bytes] = []
    while len(values) < number:
        messages = source.next_messages(number - len(values), Event())
        keys += messages.keys
        values += messages.values
    return Messages(keys, values)


def _bare(scene: Stage, ready: Messages, trades: int) -> float:
    settings = scene.settings
    client = Producer(PRODUCER_SETTINGS | {"bootstrap.servers": settings.kafka_bootstrap_servers})
    pairs = [{"key": key, "value": value} for key, value in zip(ready.keys, ready.values, strict=True)]
    batches = [pairs[first : first + MOST] for first in range(0, len(pairs), MOST)]
    began, sent = time.monotonic(), 0
    while sent < trades:
        batch = batches[sent // MOST % len(batches)][: trades - sent]
        while QUEUE - len(client) < len(batch):
            client.poll(BLINK)
        client.produce_batch(settings.kafka_topic, batch)
        sent += len(batch)
    client.flush()
    return trades / (time.monotonic() - began)


def _loop(scene: Stage, trades: int) -> float:
    sink = KafkaSink(scene.settings.kafka_bootstrap_servers, scene.settings.kafka_topic)
    began = time.monotonic()
    produce(_source(FAST, paced=False), sink, trades, scene.stop, lambda _sink: None)
    return sink.acknowledged / (time.monotonic() - began)


def _script(scene: Stage, trades: int) -> float:
    began = time.monotonic()
    scene.produce(trades)
    return trades / (time.monotonic() - began)


def _replay(scene: Stage, trades: int) -> "Replay":
    """Replay a file of trades, from the start of the process to the last acknowledgement."""
    servers, topic = scene.settings.kafka_bootstrap_servers, scene.settings.kafka_topic
    with TemporaryDirectory() as folder:
        path = Path(folder) / "trades.csv.gz"
        _write(path, trades)
        scene.say(f"{trades:,} trades in a file of {path.stat().st_size / 1e6:,.0f} MB")
        goal = sum(ends(servers, topic).values()) + trades
        command = ("producer.py", "--source", "replay", "--file", str(path), "--speed", "max")
        began, seconds, uss, rss = time.monotonic(), 0.0, 0, 0
        with scene.script(scene.settings, *command) as running:
            process = psutil.Process(running.pid)
            # Afterwards it asks the tape how many were stored already.
            while running.poll() is None:
                scene.go_on()
                with suppress(psutil.Error):
                    memory = process.memory_full_info()
                    uss, rss = max(uss, memory.uss), max(rss, memory.rss)
                time.sleep(BETWEEN_LOOKS)
                if not seconds and sum(ends(servers, topic).values()) >= goal:
                    seconds = time.monotonic() - began
            seconds = seconds or time.monotonic() - began
            ended(running, REPLAY)
    replayed = Replay(trades, trades / seconds, uss / 1e6, rss / 1e6)
    scene.say(f"{REPLAY}: {replayed.rate:,.0f} rows/s, at most {replayed.own:,.0f} MB")
    return replayed


def _write(path: Path, trades: int) -> None:
    source, fields = (
        _source(FAST, paced=False),
        ("trade_id", "timestamp", "symbol", "price", "volume", "trade_type"),
    )
    read = msgspec.json.Decoder(dict[str, object])
    with gzip.open(path, "wt", compresslevel=1) as file:
        file.write(",".join(fields) + "\n")
        left = trades
        while left:
            messages = source.next_messages(min(MOST, left), Event()).values
            rows = map(read.decode, messages)
            file.writelines(",".join(str(row[name]) for name in fields) + "\n" for row in rows)
            left -= len(messages)


def _encode(trades: int) -> float:
    source, made = _source(FAST, paced=False), 0
    began = time.monotonic()
    while made < trades:
        made += len(source.next_messages(min(MOST, trades - made), Event()))
    return made / (time.monotonic() - began)


def _pace_error(scene: Stage, rate: int, seconds: int) -> float:
    """Return in percent how far the number of trades in `seconds` deviates from the requested one."""
    scene.go_on()
    over = Event()
    turns: list[tuple[float, int]] = []
    sink = KafkaSink(scene.settings.kafka_bootstrap_servers, scene.settings.kafka_topic)
    source = _source(float(rate), paced=True)
    timer = Timer(seconds, over.set)
    timer.start()
    produce(source, sink, None, over, lambda sink: turns.append((time.monotonic(), sink.accepted)))
    timer.join()
    # From the first trades to the last that arrived: the rest of the last gap is not an error.
    steps = [after for before, after in pairwise([(0.0, 0), *turns]) if after[1] > before[1]]
    (began, first), (ended, last) = steps[0], steps[-1]
    error = 100 * abs((last - first) / (rate * max(ended - began, 1 / rate)) - 1)
    scene.say(f"{rate:,}/s for {ended - began:.1f} s: {last - first:,} trades, {error:.2f} % off")
    return error


def _report(
    arguments: Namespace, results: Mapping[str, list[Run]], paces: Mapping[int, float], replayed: Replay
) -> Report:
    medians = {name: middle(runs, attrgetter("rate")) for name, runs in results.items()}
    cpu = {name: middle(runs, attrgetter("cpu")) for name, runs in results.items()}
    ratios = {
        "loop_to_bare": medians[LOOP] / medians[BARE],
        "script_to_bare": medians[SCRIPT] / medians[BARE],
        "worst_pace_error_percent": max(paces.values()),
        "replay_to_loop": replayed.rate / medians[LOOP],
    }
    rows = [
        [
            name,
            f"{medians[name]:,.0f}",
            f"{min(runs).rate:,.0f}",
            f"{max(runs).rate:,.0f}",
            f"{medians[name] / medians[BARE]:.2f}",
            f"{cpu[name]:.2f}",
        ]
        for name, runs in results.items()
    ]
    rows.append([f"{REPLAY}, {replayed.rows:,} rows", f"{replayed.rate:,.0f}"])
    rows += [[f"pace of {rate:,}/s, % off", f"{error:.2f}"] for rate, error in paces.items()]
    return Report(
        bench="produce",
        title=f"Into the topic, {arguments.trades:,} trades; median of {arguments.rounds}",
        columns=("way", "trades/s", "slowest", "fastest", "to bare", "CPU s a million"),
        rows=rows,
        facts={
            "rates": {name: [run.rate for run in runs] for name, runs in results.items()},
            "medians": medians,
            "cpu_seconds_per_million": cpu,
            "pace_errors_percent": dict(paces),
            "replay": replayed._asdict(),
            "ratios": ratios,
        },
        ratio=f"producer's loop ÷ bare client {ratios['loop_to_bare']:.2f}, "
        f"worst pace error {ratios['worst_pace_error_percent']:.2f} %, replay ÷ loop "
        f"{ratios['replay_to_loop']:.2f} in {replayed.own:,.0f} MB ({replayed.resident:,.0f} resident)",
        draw=partial(_draw, medians),
    )


def _draw(medians: Mapping[str, float], axes: "Axes") -> None:
    names = list(medians)[::-1]
    bars = axes.barh(names, [medians[name] for name in names], color="#3b6ea5")
    axes.bar_label(bars, labels=[f"{medians[name]:,.0f}" for name in names], padding=4)
    axes.set_xlabel("trades a second")
    axes.margins(x=0.15)

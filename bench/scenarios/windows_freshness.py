"""How long a trade takes until a candle shows it, at an even pace, whatever engine makes the candles."""

import time
from dataclasses import dataclass
from subprocess import Popen

import numpy as np
from confluent_kafka import Consumer, TopicPartition
from numpy.typing import NDArray

from bench.harness.stage import LONGEST, Stage, ended
from bench.scenarios.windows_engines import Candles, engine
from stockstream.connectors.kafka.source import CONSUMER_SETTINGS
from stockstream.connectors.kafka.topic import ends as ends_of
from stockstream.market.trade.columns import micros, read
from stockstream.settings import Settings

LOOK_EVERY = 0.002
TIMEOUT = 60.0

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Pace:
    """Trades a second, for a number of seconds, after a warm-up."""

    rate: int
    seconds: float
    warm_up: float


def freshness(stage: Stage, settings: Settings, name: str, pace: Pace) -> Floats:
    """Return, for each trade after the warm-up, the milliseconds until the candles showed as many.

    The n-th trade counts as shown when the candles show n trades.
    """
    with Candles(settings) as candles, engine(stage, settings, name) as process:
        _await_first(stage, candles, process, name)
        before, times, counts = candles.shown(), [], []
        notes = settings.data_dir / f"fresh-{name}.json"
        with stage.script(
            settings, "-m", "bench.load.paced", str(pace.rate), str(pace.warm_up + pace.seconds), str(notes)
        ) as sender:
            deadline, sent = float("inf"), None
            for now in stage.looks(LOOK_EVERY, LONGEST, f"{name} shows too little", {name: process}):
                times.append(time.time_ns() // 1000)
                counts.append(candles.shown() - before)
                if sent is None and sender.poll() is not None:
                    ended(sender, "bench.load.paced")
                    sent, deadline = _in_topic(settings) - before, now + TIMEOUT
                if now > deadline:
                    stage.say(f"{name} does not keep up with {pace.rate:,} trades/s")
                    break
                if sent is not None and counts[-1] >= sent:
                    break
    happened = np.sort(_event_times(settings))[before:]
    # A look covers the time until its answer: the trade was shown by the end of that look. A trade that was
    # never shown has an infinite delay.
    seen = np.searchsorted(np.array(counts), np.arange(1, len(happened) + 1))
    shown_at = np.array([*times[1:], time.time_ns() // 1000, np.inf])[seen]
    counted = happened >= happened[0] + round(pace.warm_up * 1e6)
    late: Floats = (shown_at - happened)[counted] / 1000
    return late


def _await_first(stage: Stage, candles: Candles, process: "Popen[str]", name: str) -> None:
    """Wait until the engine has made candles of what is in the topic before the pace begins."""
    for _ in stage.looks(LOOK_EVERY, TIMEOUT, f"{name} makes no candle", {name: process}):
        if candles.shown():
            return


def _in_topic(settings: Settings) -> int:
    return sum(ends_of(settings.kafka_bootstrap_servers, settings.kafka_topic).values())


def _event_times(settings: Settings) -> Ints:
    """Return the times of all trades in the topic."""
    ends = ends_of(settings.kafka_bootstrap_servers, settings.kafka_topic)
    reader = Consumer(
        CONSUMER_SETTINGS
        | {"bootstrap.servers": settings.kafka_bootstrap_servers, "group.id": "bench reader"}
        | {"enable.partition.eof": False}
    )
    reader.assign([TopicPartition(settings.kafka_topic, partition, 0) for partition in ends])
    found: list[Ints] = []
    left = sum(ends.values())
    while left:
        values = [each.value() for each in reader.consume(20_000, 1.0)]
        count = len(values)
        found.append(micros(read(values)[0]))
        left -= count
    reader.close()
    return np.concatenate(found)

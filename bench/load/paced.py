"""Send trades at an even pace and note, of a sample of them, where they went and when they happened.

The other half of the latency bench, a process of its own so that the two do not share an
interpreter. A trade's time is when its schedule says it happens, not when it was got round to:
if the sender stalls, the stall counts.
"""

import json
import time
from argparse import ArgumentParser, Namespace
from functools import partial
from pathlib import Path
from threading import Event

import numpy as np
from confluent_kafka import KafkaError, Message, Producer

from bench.harness.options import whole
from stockstream import cli
from stockstream.commands.argument_types import positive
from stockstream.connectors.kafka.sink import PRODUCER_SETTINGS
from stockstream.errors import DeliveryError
from stockstream.jobs.produce.pace import SystemClock
from stockstream.market.simulator import Market, Tape, encode_tape, listed
from stockstream.market.trade.ids import trade_ids
from stockstream.settings import Settings

TICK = 0.001  # seconds: trades due within one tick are sent together
FLUSH_TIMEOUT = 30.0
SEED = 7


class PacedSender:
    """Sends a market's trades as they happen, and records position and time of one trade per tick."""

    def __init__(self, settings: Settings, rate: float) -> None:
        """Connect; the schedule begins with `run`."""
        self._topic = settings.kafka_topic
        self._market = Market(np.random.default_rng(SEED), listed(10), rate)
        self._chance = np.random.default_rng()
        own = {"bootstrap.servers": settings.kafka_bootstrap_servers, "delivery.report.only.error": False}
        self._producer = Producer(PRODUCER_SETTINGS | own)
        self.samples: list[tuple[int, int, int]] = []
        self.sent = 0

    def run(self, seconds: float, stop: Event) -> float:
        """Send for `seconds` seconds and return how many it took."""
        ahead = self._market.next_block()
        self._encode(ahead[:1], 0)  # loads the encoder's machine code, so that no trade waits for it
        clock = SystemClock()
        began, began_at = clock.monotonic(), clock.now()
        while (elapsed := clock.monotonic() - began) < seconds and not stop.is_set():
            due = int(np.searchsorted(ahead.at, elapsed, side="right"))
            if due:
                self._send(ahead[:due], began_at)
                ahead = ahead[due:] if due < len(ahead) else self._market.next_block()
            self._producer.poll(0)
            if due < len(ahead):
                time.sleep(TICK)
        self._producer.flush(FLUSH_TIMEOUT)
        return clock.monotonic() - began

    def _send(self, tape: Tape, began_at: int) -> None:
        sampled = int(self._chance.integers(len(tape)))
        keys = [tape.symbols[symbol].encode() for symbol in tape.symbol.tolist()]
        for row, (time_of, value) in enumerate(self._encode(tape, began_at)):
            note = partial(self._note, time_of) if row == sampled else None
            self._produce(keys[row], value, note)
        self.sent += len(tape)

    def _encode(self, tape: Tape, began_at: int) -> list[tuple[int, bytes]]:
        """Return each trade's time, in microseconds since 1970, and its message."""
        times = began_at + np.rint(tape.at * 1e6).astype(np.int64)
        return list(
            zip(times.tolist(), encode_tape(tape, times, trade_ids(self._chance, times)), strict=True)
        )

    def _produce(self, key: bytes, value: bytes, note: "partial[None] | None") -> None:
        while True:
            try:
                return self._producer.produce(self._topic, value, key, on_delivery=note)
            except BufferError:
                self._producer.poll(TICK)

    def _note(self, happened: int, error: KafkaError | None, message: Message) -> None:
        if error:
            raise DeliveryError(count=1, topic=self._topic, reason=error.str())
        self.samples.append((int(message.partition() or 0), int(message.offset() or 0), happened))


def main(arguments: Namespace, settings: Settings, stop: Event) -> int:
    """Send trades, then write the recorded sample."""
    sender = PacedSender(settings, arguments.rate)
    seconds = sender.run(arguments.seconds, stop)
    noted = {"sent": sender.sent, "seconds": seconds, "samples": sender.samples}
    arguments.notes.write_text(json.dumps(noted), "utf-8")
    return 0


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="bench.load.paced", description=__doc__)
    parser.add_argument("rate", type=whole, help="trades a second")
    parser.add_argument("seconds", type=positive, help="for how long")
    parser.add_argument("notes", type=Path, help="where to write what was noted")
    return parser


if __name__ == "__main__":
    cli.run(_parser(), main)

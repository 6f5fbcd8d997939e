"""A feed that never pauses: it sends trades at a steady rate while faults happen, and keeps the ledger.

Its messages are written by hand, so that no encoder of the project is involved. Now and then, one is not a
trade, and one is a trade that was sent before. Event time runs thirty times as fast as the clock, so that a
short run has many minutes and a midnight, unless a manner says otherwise; some trades are late.
"""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from threading import Event, Thread

from confluent_kafka import KafkaError, Message, Producer

from stockstream.settings import Settings
from testkit.ledger import Ledger

TICK = 0.02  # seconds
SYMBOLS = ("AAPL", "AMZN", "BRK.B", "BTC/USD", "ETH-EUR", "GOOG", "META", "MSFT", "NVDA", "TSLA")
FLUSH_TIMEOUT = 60
LATE, VERY_LATE = 0.05, 0.02  # shares: of all trades, and of the late ones

FEED_SETTINGS: dict[str, str | int | bool] = {
    "acks": "all",
    "enable.idempotence": True,
    "delivery.timeout.ms": 0,  # none: an outage may take as long as it takes
    "queue.buffering.max.messages": 1_000_000,
    "linger.ms": 5,
    "reconnect.backoff.max.ms": 1_000,
    "log_level": 0,
}


def _before_midnight() -> datetime:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=1, minutes=2)


@dataclass(frozen=True)
class Manner:
    """How a feed sends.

    Args:
        rate: messages a second.
        began: the event time of the first trade.
        step: event time between two trades.
        mixed: the probability of sending a message that is not a trade, and a repeated one.
    """

    rate: int = 3_000
    began: datetime = field(default_factory=_before_midnight)
    step: timedelta = timedelta(milliseconds=10)
    mixed: float = 0.5


@dataclass(frozen=True)
class Letter:
    """A message: the place it carries, its key and its value."""

    place: str
    key: bytes
    value: bytes


class Feed:
    """Sends from its own thread, from `start` until `stop`."""

    def __init__(self, settings: Settings, run: str, random: Random, manner: Manner | None = None) -> None:
        """Create a feed without sending.

        Args:
            settings: where the topic is.
            run: the first part of every place; no two runs share it.
            random: decides which messages are late, bad or repeated.
            manner: None for the default.
        """
        self.trades, self.bad = Ledger(), Ledger()
        self._topic = settings.kafka_topic
        self._run = run
        self._random = random
        self._manner = manner or Manner()
        self._mixed = random.random() < self._manner.mixed
        self._count = 0
        self._past: list[Letter] = []
        self._stop = Event()
        self._thread = Thread(target=self._send, daemon=True)
        self._producer = Producer(
            FEED_SETTINGS | {"bootstrap.servers": settings.kafka_bootstrap_servers, "error_cb": _ignore}
        )

    def start(self) -> None:
        """Start to send."""
        self._thread.start()

    def stop(self) -> None:
        """Stop sending, and wait until the broker has acknowledged everything."""
        self._stop.set()
        if self._thread.ident:
            self._thread.join()
        if left := self._producer.flush(FLUSH_TIMEOUT):
            message = f"the broker did not take {left} messages"
            raise TimeoutError(message)

    def abandon(self) -> None:
        """Stop sending, and discard what is not sent."""
        self._stop.set()
        if self._thread.ident:
            self._thread.join()
        self._producer.purge()

    def _send(self) -> None:
        began = time.monotonic()
        while not self._stop.wait(TICK):
            for _ in range(int((time.monotonic() - began) * self._manner.rate) - self._count):
                self._put(self.trades, self._trade())
            if self._mixed:
                self._mix()
            self._producer.poll(0)

    def _mix(self) -> None:
        """Occasionally send a message that is not a trade, and one that was sent before."""
        if self._random.random() < TICK:
            self._put(self.bad, self._no_trade())
        if self._past and self._random.random() < TICK / 2:
            self._put(self.trades, self._random.choice(self._past))

    def _put(self, ledger: Ledger, letter: Letter) -> None:
        ledger.send(letter.place)

        def told(ledger: Ledger, place: str, error: KafkaError | None, _message: Message) -> None:
            if not error:
                ledger.acknowledge(place)

        self._producer.produce(
            self._topic, letter.value, letter.key, on_delivery=partial(told, ledger, letter.place)
        )

    def _trade(self) -> Letter:
        number, symbol = self._count, self._random.choice(SYMBOLS)
        self._count += 1
        # The number comes before the symbol, so that ids grow with time, as the producer's do.
        place = f"{self._run}-{number:08d}-{symbol}"
        value = (
            f'{{"trade_id":"{place}","timestamp":"{self._moment(number).isoformat()}","symbol":"{symbol}",'
            f'"price":{self._random.randint(1, 10**6)}.{number % 100:02},"volume":{number % 977 + 1},'
            f'"trade_type":"{self._random.choice(("BUY", "SELL"))}","source":"faults","anomaly":null}}'
        )
        letter = Letter(place, symbol.encode(), value.encode())
        if number % 100 == 0:
            self._past.append(letter)
        return letter

    def _moment(self, number: int) -> datetime:
        """Return a trade's event time; its microseconds are unique to the trade, so that no two tie."""
        steps = number
        if self._random.random() < LATE:
            steps -= self._random.randint(0, 9_000 if self._random.random() < VERY_LATE else 200)
        return self._manner.began + steps * self._manner.step + timedelta(microseconds=number % 10_000)

    def _no_trade(self) -> Letter:
        place = f"{self._run}-bad-{self._random.getrandbits(64):016x}"
        return Letter(place, b"bad", f'{{"no_trade":"{place}"}}'.encode())


def _ignore(_error: KafkaError) -> None:
    """Ignore outages, which the tests cause and from which the client recovers by itself."""

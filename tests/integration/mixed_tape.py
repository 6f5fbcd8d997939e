"""A tape with all that goes wrong with time: disorder, lateness, repeats, a time far ahead, bad messages."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from confluent_kafka import KafkaError, Message, Producer
from psycopg2.extras import execute_values

from stockstream.connectors.postgres.connection import Connection
from stockstream.settings import Settings

OPENING = datetime(2026, 11, 20, 10, tzinfo=UTC)
SYMBOLS = ("AAPL", "MSFT", "BTC-USD", "TSLA", "VOD.L", "ETH/EUR")
BAD = b'{"trade_id":"bad","symbol":"AAPL"}'


@dataclass(frozen=True)
class Line:
    """A trade as the tape has it, each field as the text that goes into the message and into SQL."""

    trade_id: str
    time: datetime
    symbol: str
    price: str
    volume: str
    side: str | None
    source: str = "test"
    updates_last: bool = True

    @property
    def message(self) -> bytes:
        """The message, written by hand so that no encoder of the project has a part in it."""
        side = f'"{self.side}"' if self.side else "null"
        off = "" if self.updates_last else ',"updates_last":false,"conditions":"@ I"'
        return (
            f'{{"trade_id":"{self.trade_id}","timestamp":"{self.time.isoformat()}","symbol":"{self.symbol}",'
            f'"price":{self.price},"volume":{self.volume},"trade_type":{side}{off},"source":"{self.source}"}}'
        ).encode()


def mixed_tape(count: int, seed: int = 7, first: int = 0) -> list[Line]:
    """Return about `count` trades of 6 symbols, 40 a second, numbered from `first`.

    They are up to 4 seconds out of order. One in 50 comes twice, some of them five minutes later. One in
    200 is of source `tardy` and ten minutes late, if the tape is that old. One is a year ahead. A third has
    no side, and one in ten does not move the last price.
    """
    chance = random.Random(seed)  # noqa: S311 - a tape, no secret
    tape: list[Line] = []
    for number in range(first, first + count):
        second = number / 40
        is_tardy = second > 700 and chance.random() < 1 / 200
        back = 600 if is_tardy else chance.uniform(0, 4)
        line = Line(
            trade_id=f"t{number}",
            time=OPENING + timedelta(microseconds=max(round((second - back) * 1_000_000), 0)),
            symbol=chance.choice(SYMBOLS),
            price=f"{chance.uniform(0.5, 70_000):.{chance.choice([0, 2, 8])}f}".replace("0.00000000", "1"),
            volume=f"{chance.uniform(0.001, 9_999):.{chance.choice([3, 8])}f}",
            side=chance.choice(["BUY", "SELL", None]),
            source="tardy" if is_tardy else "test",
            updates_last=chance.random() < 0.9,
        )
        tape.append(line)
        if chance.random() < 1 / 50:
            tape.append(chance.choice(tape[-12_000:]))
    tape.insert(len(tape) // 2, Line(f"f{first}", OPENING + timedelta(365), "AAPL", "1.5", "2", "BUY"))
    return tape


def produce(settings: Settings, tape: Sequence[Line]) -> list[tuple[Line, int, int]]:
    """Send a tape, keyed by symbol, with a bad message after each hundred; returns the place of each line."""
    places: dict[int, tuple[int, int]] = {}

    def note(number: int, _error: KafkaError | None, message: Message) -> None:
        places[number] = (int(message.partition() or 0), int(message.offset() or 0))

    producer = Producer({"bootstrap.servers": settings.kafka_bootstrap_servers, "enable.idempotence": True})
    for number, line in enumerate(tape):
        producer.produce(
            settings.kafka_topic,
            line.message,
            key=line.symbol,
            on_delivery=partial(note, number),
        )
        if number % 100 == 99:
            producer.produce(settings.kafka_topic, BAD, key=line.symbol)
        producer.poll(0)
    assert producer.flush(30) == 0
    return [(line, *places[number]) for number, line in enumerate(tape)]


def store(connection: Connection, placed: Sequence[tuple[Line, int, int]]) -> None:
    """Store a tape by plain SQL, each trade at the place where it came first, and note its minutes."""
    rows = [
        (
            *(each.trade_id, each.time, each.symbol, each.price, each.volume, each.side),
            *(each.updates_last, each.source, *place),
        )
        for each, *place in sorted(placed, key=lambda one: one[1:])
    ]
    with connection, connection.cursor() as cursor:
        execute_values(
            cursor,
            "INSERT INTO trades (trade_id, timestamp, symbol, price, volume, trade_type, updates_last, "
            "source, kafka_partition, kafka_offset) VALUES %s ON CONFLICT DO NOTHING",
            rows,
            template="(%s, %s, %s, %s::numeric, %s::numeric, %s, %s, %s, %s, %s)",
        )
        cursor.execute(
            "INSERT INTO touched_minutes (symbol, window_start)"
            " SELECT DISTINCT symbol, date_trunc('minute', \"timestamp\") FROM trades"
        )

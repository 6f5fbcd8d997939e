"""Good and bad messages mixed on a real topic, through the real consumer; what became of each.

python -m tests.integration.bad_input --good 1000000 --bad 100000
"""

import argparse
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory

from confluent_kafka import Producer

from stockstream.connectors.postgres.connection import Connection, address_of, connect
from stockstream.services.servers.scratch import scratch
from stockstream.settings import PROJECT, Settings
from tests.fresh import PARTITIONS, environment_of, fresh, make_template, open_folder
from tests.integration.bad_kinds import BAD, odd_but_good
from tests.integration.tapes import trade_message

Position = tuple[int, int]
SLICE = 1_000
SEED = 7
LOOK_EVERY = 0.05


@dataclass
class Sent:
    """What was sent, and to which places: how many good ones, and each bad one's kind and bytes."""

    good: int = 0
    bad: dict[Position, tuple[str, bytes | None]] = field(default_factory=dict)
    ends: list[int] = field(default_factory=lambda: [0] * PARTITIONS)


def send(settings: Settings, good: int, bad: int, *, odd: bool = False, seed: int = SEED) -> Sent:
    """Send so many good and bad messages in a mixed order, each kind about as often as any other.

    Args:
        odd: every fiftieth good message is one that looks bad; such go the consumer's slow way.
    """
    chance, sent = random.Random(seed), Sent()  # noqa: S311 - not for secrets
    producer = Producer(
        {"bootstrap.servers": settings.kafka_bootstrap_servers, "enable.idempotence": True, "linger.ms": 20}
    )
    kinds, trades = cycle(BAD.items()), _good(good, odd=odd)
    while sent.good < good or len(sent.bad) < bad:
        partition = chance.randrange(PARTITIONS)
        left_good, left_bad = good - sent.good, bad - len(sent.bad)
        if left_good > 0 and chance.random() * (left_good + max(left_bad, 0)) < left_good:
            _put(producer, settings.kafka_topic, partition, next(trades))
            sent.good += 1
            sent.ends[partition] += 1
            continue
        kind, (messages, _) = next(kinds)
        for value in messages:
            _put(producer, settings.kafka_topic, partition, value)
            sent.bad[partition, sent.ends[partition]] = (kind, value)
            sent.ends[partition] += 1
    assert producer.flush(120) == 0
    return sent


def _good(count: int, *, odd: bool) -> Iterator[bytes]:
    for number in range(count):
        if odd and number % 50 == 0:
            kinds = list(odd_but_good(str(number)).values())
            yield kinds[number // 50 % len(kinds)]
        else:
            yield trade_message(number, symbol=f"S{number % 10}", second=number % 3_600)


def _put(producer: Producer, topic: str, partition: int, value: bytes | None) -> None:
    while True:
        try:
            producer.produce(topic, value, partition=partition)
        except BufferError:
            producer.poll(0.1)
        else:
            return


def faults(connection: Connection, sent: Sent) -> list[str]:
    """Compare the tables with what was sent; returns what is not as it should be."""
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(DISTINCT trade_id),"
            " count(DISTINCT (kafka_partition, kafka_offset)) FROM trades"
        )
        counts = cursor.fetchone()
    found = [] if counts == (sent.good,) * 3 else [f"{counts} trades, ids and places, sent {sent.good}"]
    missing = dict(sent.bad)
    with connection, connection.cursor("letters") as letters:
        letters.itersize = SLICE
        letters.execute("SELECT kafka_partition, kafka_offset, payload, reason FROM dead_letters")
        for partition, offset, payload, reason in letters:
            kind, value = missing.pop((partition, offset), ("no bad message", b""))
            found += _faults_of(kind, value, None if payload is None else bytes(payload), reason)
    return found + [f"{kind} at {position} is in no dead letter" for position, (kind, _) in missing.items()]


def _faults_of(kind: str, value: bytes | None, payload: bytes | None, reason: str) -> list[str]:
    found = []
    if payload != value:
        found.append(f"{kind}: not whole")
    if kind not in BAD or BAD[kind][1] not in reason:
        found.append(f"{kind}: the reason is {reason!r}")
    return found


def main() -> int:
    """Send, consume, compare, and print how fast it went; 1 where anything is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--good", type=int, default=100_000)
    parser.add_argument("--bad", type=int, default=10_000)
    parser.add_argument("--odd", action="store_true", help="every fiftieth good one looks bad")
    arguments = parser.parse_args()
    with (
        open_folder() as folder,
        scratch(folder) as servers,
        TemporaryDirectory() as run,
    ):
        make_template(servers.settings)
        with fresh(servers.settings, Path(run)) as settings:
            found = _measured(settings, arguments)
    for line in found[:20]:
        print(line)  # noqa: T201 - the answer
    return 1 if found else 0


def _measured(settings: Settings, wanted: argparse.Namespace) -> list[str]:
    sent = send(settings, wanted.good, wanted.bad, odd=wanted.odd)
    count = sent.good + len(sent.bad)
    with closing(connect(address_of(settings), "test")) as connection:
        with subprocess.Popen(
            [sys.executable, "consumer.py", "--exit-when-idle", "5"],
            cwd=PROJECT,
            env=environment_of(settings),
        ) as consumer:
            seconds, first = _seconds_of_work(connection, consumer, count)
        code = consumer.returncode
    print(  # noqa: T201 - the answer
        f"{sent.good:,} good and {len(sent.bad):,} bad messages: the last {count - first:,} of them in "
        f"{seconds:.1f} s, {(count - first) / seconds:,.0f}/s"
    )
    with closing(connect(address_of(settings), "test")) as connection:
        found = faults(connection, sent)
    return found if code == 0 else [*found, f"exit code {code}"]


def _seconds_of_work(
    connection: Connection, consumer: subprocess.Popen[bytes], count: int
) -> tuple[float, int]:
    """Return how long the consumer took from its first stored batch to its last, and that batch's size."""
    begun, first = 0.0, 0
    while (done := _read(connection)) < count and consumer.poll() is None:
        if done and not first:
            begun, first = time.monotonic(), done
        time.sleep(LOOK_EVERY)
    return time.monotonic() - begun, first


def _read(connection: Connection) -> int:
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(next_offset), 0)::bigint FROM ingest_offsets")
        return int((cursor.fetchone() or (0,))[0])


if __name__ == "__main__":
    raise SystemExit(main())

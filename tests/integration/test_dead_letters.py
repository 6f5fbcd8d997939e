"""Dead letters tried again: what is a trade by today's rules moves to the tape, once."""

from collections.abc import Mapping
from functools import partial

import pytest
from confluent_kafka import Producer

from stockstream.connectors.postgres.connection import Address, Connection
from stockstream.connectors.postgres.store.dead_letters import BEFORE_ALL, DeadLetters, ReplayedLetters
from stockstream.connectors.postgres.store.encoded_batch import encode
from stockstream.connectors.postgres.store.trades import Stored, Tape
from stockstream.errors import FencedError
from stockstream.market.trade.arrivals import Messages, sort
from stockstream.settings import Settings
from tests.integration.tapes import trade_message
from tests.integration.topics import count, produce, rows
from tests.scripts import ran, running
from tests.waiting import until

Environment = Mapping[str, str]
BAD = b'{"trade_id":"bad"}'
LETTERS = "SELECT kafka_offset, tries FROM dead_letters ORDER BY 1"
BALANCE = """
    SELECT (SELECT count(*) FROM trades) + (SELECT count(*) FROM dead_letters) + sum(duplicates)
           = sum(next_offset)
    FROM ingest_offsets WHERE job = 'consumer'
"""


def bury(settings: Settings, connection: Connection, values: list[bytes | None], start: int = 0) -> None:
    """Leave messages as a consumer with stricter rules would: read, and all of them refused."""
    with connection, connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO dead_letters (topic, kafka_partition, kafka_offset, payload, reason)"
            " VALUES (%s, 0, %s, %s, 'price is too odd')",
            [(settings.kafka_topic, start + place, value) for place, value in enumerate(values)],
        )
        cursor.execute(
            "INSERT INTO ingest_offsets (job, topic, kafka_partition, next_offset, owner_epoch)"
            " VALUES ('consumer', %s, 0, %s, 1)",
            (settings.kafka_topic, start + len(values)),
        )


def replay(environment: Environment) -> str:
    done = ran(environment, "consumer.py", "--replay-dead-letters")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.splitlines()[-1]


def test_those_that_are_trades_today_are_stored_and_leave(
    settings: Settings, environment: Environment, connection: Connection
) -> None:
    bury(settings, connection, [trade_message(0), BAD, trade_message(2), None, trade_message(0)])
    assert replay(environment).endswith("ended: 2 stored, 1 were there already, 2 stay")
    assert rows(connection, "SELECT trade_id, kafka_partition, kafka_offset FROM trades ORDER BY 3") == [
        ("0", 0, 0),
        ("2", 0, 2),
    ]
    assert rows(connection, LETTERS) == [(1, 2), (3, 2)]
    reasons = rows(connection, "SELECT reason FROM dead_letters ORDER BY kafka_offset")
    assert reasons == [
        ("timestamp is missing: needs a time with its offset, such as 2026-01-31T14:30:00Z",),
        ("message is empty",),
    ]
    assert rows(connection, BALANCE) == [(True,)]


def test_run_twice_it_changes_the_tries_alone(
    settings: Settings, environment: Environment, connection: Connection
) -> None:
    bury(settings, connection, [trade_message(0), BAD])
    replay(environment)
    assert replay(environment).endswith("ended: 0 stored, 0 were there already, 1 stay")
    assert count(connection) == 1
    assert rows(connection, LETTERS) == [(1, 3)]


def test_what_postgresql_refuses_stays_alone(
    settings: Settings, environment: Environment, connection: Connection
) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE trades ADD CHECK (trade_id <> '7')")
    bury(settings, connection, [trade_message(number) for number in range(20)])
    assert replay(environment).endswith("ended: 19 stored, 0 were there already, 1 stay")
    assert rows(connection, LETTERS) == [(7, 2)]
    assert "PostgreSQL refuses" in str(rows(connection, "SELECT reason FROM dead_letters"))


def test_a_slice_takes_no_more_than_asked(
    settings: Settings, address: Address, connection: Connection
) -> None:
    bury(settings, connection, [trade_message(number) for number in range(5)])
    letters = DeadLetters(address, settings.kafka_topic)
    done, place = letters.replay_dead_letters(BEFORE_ALL, most=3)
    assert (done, place, count(connection)) == (ReplayedLetters(stored=3), (0, 2), 3)


@pytest.mark.parametrize("waits_for", [1, 1_000, 4_000])
def test_killed_at_any_time_beside_a_consumer_it_loses_and_doubles_nothing(
    settings: Settings, environment: Environment, connection: Connection, waits_for: int
) -> None:
    buried, streamed = 5_000, 2_000
    produce(settings, range(buried))
    bury(settings, connection, [trade_message(number) for number in range(buried)])
    with running(environment, "consumer.py"):
        with running(environment, "consumer.py", "--replay-dead-letters") as replaying:
            produce(settings, range(buried, buried + streamed // 2))
            until(partial(lambda least: stored_below(connection, buried) >= least, waits_for), timeout=90)
            replaying.kill()
        # Some come again at new offsets while the rest is revived.
        produce(settings, range(buried - 100, buried + streamed))
        assert replay(environment).split(": ")[-1].endswith("0 stay")
        until(lambda: count(connection) == buried + streamed, timeout=90)
        until(lambda: rows(connection, BALANCE) == [(True,)], timeout=60)
    assert rows(connection, "SELECT count(DISTINCT trade_id) FROM trades") == [(buried + streamed,)]
    assert rows(connection, LETTERS) == []


def stored_below(connection: Connection, offset: int) -> int:
    found = rows(connection, f"SELECT count(*) FROM trades WHERE kafka_offset < {offset}")  # noqa: S608 - a number
    return int(str(found[0][0]))


def test_a_revived_trade_comes_into_its_candle(
    settings: Settings, environment: Environment, connection: Connection
) -> None:
    odd = trade_message(1).replace(b'"AAPL"', b'"aapl"')
    producer = Producer({"bootstrap.servers": settings.kafka_bootstrap_servers})
    for value in (odd, *(trade_message(number, second=60.0 * number) for number in range(2, 6))):
        producer.produce(settings.kafka_topic, value, partition=0)
    assert producer.flush(30) == 0
    idle = ("--exit-when-idle", "1")
    assert ran(environment, "consumer.py", *idle).returncode == 0
    assert ran(environment, "aggregator.py", *idle).returncode == 0
    with connection, connection.cursor() as cursor:
        # As though small letters had been allowed since.
        cursor.execute("UPDATE dead_letters SET payload = %s", (trade_message(1),))
    assert replay(environment).endswith("ended: 1 stored, 0 were there already, 0 stay")
    produce(settings, [9])
    assert ran(environment, "consumer.py", *idle).returncode == 0
    assert ran(environment, "aggregator.py", *idle).returncode == 0
    assert rows(connection, "SELECT sum(trade_count) FROM stock_metrics") == [(6,)]


def test_a_consumer_at_work_looks_anew_when_a_revived_trade_widens_the_ids_of_a_day(
    settings: Settings, address: Address, connection: Connection
) -> None:
    bury(settings, connection, [trade_message(5)])
    tape = Tape(address, settings.kafka_topic)
    assert tape.acquire([0]) == {0: 1}
    assert DeadLetters(address, settings.kafka_topic).replay_dead_letters()[0] == ReplayedLetters(stored=1)
    repeat = trade_message(5).replace(b"2026-11-23", b"2026-11-21")
    again = encode(sort(Messages([repeat], [None], [0], [1]), {0: (1, 2)}))
    with pytest.raises(FencedError):
        tape.append(again)
    assert tape.acquire([0]) == {0: 1}
    assert tape.append(again) == Stored(duplicates=1)
    tape.close()
    assert rows(connection, "SELECT kafka_offset FROM trades") == [(0,)]

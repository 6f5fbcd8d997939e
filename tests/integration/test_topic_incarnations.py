"""What a topic may do to those who read it: drop what was not read, go away, and come back as another."""

import signal
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace

import pytest
from psycopg2 import sql

from stockstream.connectors.postgres.connection import Address, Connection, connect
from stockstream.connectors.postgres.read.probes import Probes
from stockstream.settings import Settings
from tests.integration.topics import count, delete, drop_below, make_anew, produce, rows
from tests.scripts import ran, running
from tests.waiting import until

Environment = Mapping[str, str]
IDLE = ("--exit-when-idle", "1")
PLACES = (
    "SELECT kafka_partition, next_offset FROM ingest_offsets WHERE job = '{}' AND next_offset > 0 ORDER BY 1"
)
TWICE = """
    SELECT kafka_partition, kafka_offset FROM (
        SELECT kafka_partition, kafka_offset FROM trades
        UNION ALL SELECT kafka_partition, kafka_offset FROM dead_letters
    ) AS kept GROUP BY 1, 2 HAVING count(*) > 1
"""


def consume(environment: Environment, *options: str) -> str:
    done = ran(environment, "consumer.py", *IDLE, *options)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def refused(environment: Environment, script: str, *arguments: str) -> str:
    """Run a script that has to end with exit code 1 and one line; returns that line."""
    done = ran(environment, script, *arguments)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.splitlines()[-1]


def test_messages_that_were_dropped_unread_stop_the_consumer_until_accepted(
    settings: Settings, environment: Environment, connection: Connection
) -> None:
    produce(settings, range(100))
    consume(environment)
    produce(settings, range(100, 300))
    drop_below(settings, 250)
    line = refused(environment, "consumer.py", *IDLE)
    assert f"messages of topic {settings.kafka_topic} are gone" in line
    assert "partition 0: offsets 100 to 249" in line
    assert line.endswith("python consumer.py --skip-lost")
    assert count(connection) == 100
    consume(environment, "--skip-lost")
    assert count(connection) == 150
    lost = rows(
        connection, "SELECT job, kafka_partition, from_offset, to_offset FROM lost_ranges ORDER BY job"
    )
    assert lost == [("aggregator", 0, 0, 250), ("consumer", 0, 100, 250)]
    consume(environment)
    assert rows(connection, "SELECT count(*) FROM lost_ranges") == [(2,)]


def test_messages_that_are_dropped_under_a_sleeping_consumer_stop_it(
    settings: Settings, environment: Environment, connection: Connection
) -> None:
    produce(settings, range(100))
    with running(environment, "consumer.py") as consumer:
        until(lambda: count(connection) == 100, timeout=30)
        consumer.send_signal(signal.SIGSTOP)
        # What it asked before it fell asleep is answered by then, with nothing.
        time.sleep(1)
        produce(settings, range(100, 300))
        drop_below(settings, 250)
        consumer.send_signal(signal.SIGCONT)
        _, told = consumer.communicate(timeout=60)
    assert consumer.returncode == 1, told
    assert "partition 0: offsets 100 to 249" in told.splitlines()[-1]
    assert count(connection) == 100


@pytest.mark.parametrize("anew", [50, 100, 400])
def test_a_topic_that_was_made_anew_is_read_only_when_accepted(
    settings: Settings, environment: Environment, connection: Connection, address: Address, anew: int
) -> None:
    produce(settings, range(100))
    consume(environment)
    make_anew(settings)
    produce(settings, range(1_000, 1_000 + anew))
    line = refused(environment, "consumer.py", *IDLE)
    assert (
        f"topic {settings.kafka_topic} at {settings.kafka_bootstrap_servers} was deleted and recreated"
        in line
    )
    assert line.endswith("python consumer.py --accept-new-topic")
    assert count(connection) == 100
    consume(environment, "--accept-new-topic")
    assert count(connection) == 100 + anew
    assert rows(connection, PLACES.format("consumer")) == [(0, 100 + anew)]
    assert rows(connection, TWICE) == []
    with closing(Probes(address, settings.kafka_topic)) as probes:
        assert probes.progress("consumer")[0].next_offset == anew
    produce(settings, range(2_000, 2_010))
    consume(environment)
    assert count(connection) == 110 + anew


def test_aggregator_and_detector_follow_only_what_the_consumer_has_accepted(
    settings: Settings, environment: Environment, connection: Connection
) -> None:
    produce(settings, range(60))
    watch = ("anomaly_detector.py", "watch", *IDLE)
    assert ran(environment, "aggregator.py", *IDLE).returncode == 0
    assert ran(environment, *watch).returncode == 0
    produce(settings, range(60, 100))
    consume(environment)
    make_anew(settings)
    produce(settings, range(1_000, 1_200))
    assert refused(environment, "aggregator.py", *IDLE).endswith("python consumer.py --accept-new-topic")
    assert refused(environment, *watch).endswith("python consumer.py --accept-new-topic")
    consume(environment, "--accept-new-topic")
    for job, script in (("aggregator", ("aggregator.py", *IDLE)), ("detector", watch)):
        followed = ran(environment, *script)
        assert followed.returncode == 0, followed.stderr
        assert rows(connection, PLACES.format(job)) == [(0, 300)]
    lost = rows(connection, "SELECT job, from_offset, to_offset FROM lost_ranges ORDER BY job")
    assert lost == [("aggregator", 60, 100), ("detector", 60, 100)]


def test_what_the_topic_has_dropped_the_aggregator_takes_from_the_tape(
    settings: Settings, environment: Environment, connection: Connection
) -> None:
    produce(settings, range(100))
    consume(environment)
    drop_below(settings, 40)
    done = ran(environment, "aggregator.py", *IDLE)
    assert done.returncode == 0, done.stderr
    assert rows(connection, "SELECT sum(trade_count) FROM stock_metrics") == [(100,)]


def test_a_topic_that_is_deleted_and_made_anew_under_a_consumer_brings_no_wrong_row(
    settings: Settings, environment: Environment, connection: Connection
) -> None:
    produce(settings, range(100))
    with running(environment, "consumer.py") as consumer:
        until(lambda: count(connection) == 100, timeout=30)
        make_anew(settings)
        produce(settings, range(1_000, 3_000))
        _, told = consumer.communicate(timeout=60)
    assert consumer.returncode == 1, told
    assert told.splitlines()[-1].endswith("python consumer.py --accept-new-topic")
    assert "Traceback" not in told
    assert count(connection) == 100


def test_a_topic_that_goes_away_is_one_line_and_patience(
    settings: Settings, environment: Environment, connection: Connection
) -> None:
    produce(settings, range(100))
    with running(environment, "consumer.py") as consumer:
        until(lambda: count(connection) == 100, timeout=30)
        delete(settings)
        assert consumer.stderr is not None
        line = next(line for line in consumer.stderr if "reading" not in line)
        assert f"there is no topic {settings.kafka_topic} at" in line
        consumer.terminate()
        _, rest = consumer.communicate(timeout=60)
    assert consumer.returncode == 0, rest
    assert len(rest.splitlines()) <= 3, rest


def test_a_database_from_an_older_backup_is_filled_again_from_the_topic(
    settings: Settings, environment: Environment, connection: Connection, address: Address
) -> None:
    produce(settings, range(100))
    consume(environment)
    connection.close()
    backup = f"{settings.postgres_db}_backup"
    in_server(address, "CREATE DATABASE {} TEMPLATE {}", backup, address.database)
    produce(settings, range(100, 350))
    consume(environment)
    in_server(address, "DROP DATABASE {} WITH (FORCE)", address.database)
    in_server(address, "ALTER DATABASE {} RENAME TO {}", backup, address.database)
    told = consume(environment)
    assert "the database stands 250 messages before the place that this group had reached" in told
    with closing(connect(address, "test")) as restored:
        assert rows(restored, "SELECT count(*), count(DISTINCT trade_id) FROM trades") == [(350, 350)]
        assert rows(restored, PLACES.format("consumer")) == [(0, 350)]
    assert "messages before the place" not in consume(environment)


def in_server(address: Address, statement: str, *names: str) -> None:
    with closing(connect(replace(address, database="postgres"), "test")) as maintenance:
        maintenance.autocommit = True
        with maintenance.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def test_a_member_that_wakes_leaves_its_heir_alone(
    settings: Settings, environment: Environment, connection: Connection
) -> None:
    produce(settings, range(100))
    with running(environment, "consumer.py") as sleeper:
        until(lambda: count(connection) == 100, timeout=30)
        with running(environment, "consumer.py") as heir:
            until(lambda: takeovers(connection) == 4 + 2, timeout=30)
            sleeper.send_signal(signal.SIGSTOP)
            for partition in range(4):
                produce(settings, range(1_000 * partition, 1_000 * partition + 100), partition)
            until(lambda: count(connection) == 400, timeout=40)
            assert takeovers(connection) == 4 + 2 + 2
            sleeper.send_signal(signal.SIGCONT)
            heir.terminate()
            assert heir.wait(20) == 0
        produce(settings, range(5_000, 5_100), 1)
        until(lambda: count(connection) == 500, timeout=40)
        # Each partition is taken over once more: by the sleeper, when the heir has left.
        until(lambda: takeovers(connection) == 8 + 4, timeout=40)
        sleeper.terminate()
        _, told = sleeper.communicate(timeout=60)
    assert sleeper.returncode == 0, told
    assert takeovers(connection) == 8 + 4


def takeovers(connection: Connection) -> object:
    """Return how often consumers have taken a partition over."""
    epochs = "SELECT sum(owner_epoch) FROM ingest_offsets WHERE job = 'consumer'"
    return rows(connection, epochs)[0][0]

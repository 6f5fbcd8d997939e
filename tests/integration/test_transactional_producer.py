"""After a transactional producer all goes on: ten trades stored, no lag, a final candle, a clean audit.

Ten messages are committed and five aborted. Each transaction's marker takes an offset too, so the partition
ends at 17, and seven of its offsets hold no message.
"""

from collections.abc import Iterator
from contextlib import closing

import pytest

from stockstream.connectors.kafka.groups import group_of
from stockstream.connectors.kafka.topic import bounds, ends, group_offsets, lag
from stockstream.connectors.postgres.connection import Address, Connection
from stockstream.connectors.postgres.read.audit import AuditedTape
from stockstream.connectors.postgres.read.probes import Probes
from stockstream.jobs.health.check_result import State
from stockstream.jobs.health.lag import Reading, judge_lag
from stockstream.jobs.health.samples import SamplePair
from stockstream.jobs.health.topic import look_at_topic
from stockstream.settings import Settings
from tests.integration.health_scene import examine
from tests.integration.tapes import trade_message
from tests.integration.topics import count, rows
from tests.integration.transactions import Transactions, messages, transactions
from tests.scrape import free_base, scraper
from tests.scripts import ran, running
from tests.waiting import until

COMMITTED, ABORTED, END, ABSENT = 10, 5, 17, 7
JOBS = {
    "consumer": ["consumer.py"],
    "aggregator": ["aggregator.py"],
    "detector": ["anomaly_detector.py", "watch"],
}
Environment = dict[str, str]


@pytest.fixture
def writer(settings: Settings) -> Iterator[Transactions]:
    """Transactions on partition 0, of which one is committed and one aborted."""
    with transactions(settings) as opened:
        opened.commit(*messages(range(COMMITTED)))
        opened.abort(*messages(range(COMMITTED, COMMITTED + ABORTED)))
        yield opened


def finish(environment: Environment, job: str) -> None:
    """Run a job until nothing is left to read."""
    ended = ran(environment, *JOBS[job], "--exit-when-idle", "1")
    assert ended.returncode == 0, ended.stderr


def offset(connection: Connection, job: str) -> object:
    """Return a job's place in partition 0."""
    found = rows(connection, "SELECT job, next_offset FROM ingest_offsets WHERE kafka_partition = 0")
    return next((place for name, place in found if name == job), None)


def offsets(connection: Connection) -> list[tuple[object, ...]]:
    """Return place and offsets without a message of each job in partition 0."""
    return rows(connection, "SELECT next_offset, absent FROM ingest_offsets WHERE kafka_partition = 0")


@pytest.mark.usefixtures("writer")
def test_the_consumer_stores_what_was_committed_and_the_audit_is_clean(
    environment: Environment, connection: Connection
) -> None:
    finish(environment, "consumer")
    assert count(connection) == COMMITTED
    assert offset(connection, "consumer") == END
    finish(environment, "aggregator")
    audited = ran(environment, "test_system.py", "--audit")
    assert audited.returncode == 0, audited.stdout
    assert "17 consumed = 10 stored + 0 dead letters + 7 offsets without a message" in audited.stdout
    _, checks = examine(environment)
    for job in ("consumer", "aggregator"):
        assert (checks[job]["state"], checks[job]["detail"]) == ("ok", "nothing left to read")


@pytest.mark.usefixtures("writer")
def test_the_last_candle_is_final_within_seconds(environment: Environment, connection: Connection) -> None:
    with running(environment, "aggregator.py"):
        until(lambda: rows(connection, "SELECT is_final, trade_count FROM stock_metrics") == [(True, 10)], 30)
        until(lambda: offset(connection, "aggregator") == END)


@pytest.mark.usefixtures("writer")
def test_the_watch_gets_past(environment: Environment, connection: Connection) -> None:
    finish(environment, "detector")
    assert offset(connection, "detector") == END


def test_a_transaction_that_hangs_open_keeps_nobody_waiting(
    environment: Environment, connection: Connection, writer: Transactions
) -> None:
    writer.write(trade_message(20, second=600))
    for job in JOBS:
        finish(environment, job)
        assert offset(connection, job) == END
    assert rows(connection, "SELECT is_final, trade_count FROM stock_metrics") == [(True, COMMITTED)]
    with running(environment, "aggregator.py"):
        writer.end()
        until(lambda: offset(connection, "aggregator") == END + 2, 30)


def test_a_consumer_that_stands_before_a_marker_goes_on(
    environment: Environment, connection: Connection, writer: Transactions
) -> None:
    finish(environment, "consumer")
    # As a version left it that did not pass markers: after the last message.
    former = "UPDATE ingest_offsets SET next_offset = 10, absent = 0 WHERE kafka_partition = 0 RETURNING 1"
    assert rows(connection, former)
    finish(environment, "consumer")
    assert offsets(connection) == [(END, ABSENT)]
    writer.commit(trade_message(40))
    finish(environment, "consumer")
    assert offsets(connection) == [(END + 2, ABSENT + 1)]
    assert count(connection) == COMMITTED + 1


@pytest.mark.usefixtures("writer")
def test_each_place_that_computes_an_end_finds_the_same(
    settings: Settings, environment: Environment, address: Address, connection: Connection
) -> None:
    base = free_base()
    environment["METRICS_PORT"] = str(base)
    look = scraper(base + 1)
    servers, topic = settings.kafka_bootstrap_servers, settings.kafka_topic
    with running(environment, "consumer.py"):
        until(lambda: offset(connection, "consumer") == END, 30)
        until(lambda: look().by("stockstream_lag_messages", "partition") == dict.fromkeys("0123", 0.0))
        # The hint goes out after the offset is stored; `running` ends by a kill, which would lose it.
        until(lambda: group_offsets(servers, topic, group_of("consumer", settings), [0]) == {0: END}, 30)
    assert ends(servers, topic)[0] == bounds(servers, topic)[0][1] == END
    with closing(Probes(address, topic)) as probes:
        offsets = probes.progress("consumer")
    reading = Reading(look_at_topic(servers, topic, lambda: None).ends, SamplePair(offsets, offsets))
    assert sum(lag(ends(servers, topic), {0: END}).values()) == 0
    assert (reading.beyond(), reading.stuck(-1)) == ([], [])
    assert judge_lag("consumer", reading, 0, "").state is State.OK
    with closing(AuditedTape(address, topic)) as tape:
        assert next((each.next_offset, each.absent) for each in tape.offsets()) == (END, ABSENT)

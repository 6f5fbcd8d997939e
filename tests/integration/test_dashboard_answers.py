"""What the other pages are told: ranges, courses, findings, quality and the system, each beside plain SQL."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stockstream.connectors.postgres.connection import Address, Connection, connect
from stockstream.connectors.postgres.read_pool import ReadPool
from stockstream.ui.data.market_snapshot import Question
from stockstream.ui.data.search import Quality, Search
from stockstream.ui.data.system_status import Condition
from stockstream.ui.data.window import RANGE
from tests.browser.market import SYMBOLS, find, put, random_trades

SUMS = """
SELECT count(*), sum(volume), sum(price * volume), count(DISTINCT symbol) FROM trades
WHERE "timestamp" >= %(start)s AND "timestamp" < %(end)s
"""


@pytest.fixture
def newest(connection: Connection) -> datetime:
    """An hour of trades up to now, every tenth with a label, their candles; returns the newest's time."""
    end = datetime.now(UTC)
    trades = random_trades(2_000, end, 3_600)
    put(
        connection,
        [(*row[:7], "price_spike" if at % 10 == 9 else None, *row[8:]) for at, row in enumerate(trades)],
    )
    return end


def asked(connection: Connection, statement: str, **facts: object) -> list[tuple[Any, ...]]:
    with connection, connection.cursor() as cursor:
        cursor.execute(statement, facts)
        return cursor.fetchall()


def minute(moment: datetime, minutes_before: int) -> datetime:
    return moment.replace(second=0, microsecond=0) - timedelta(minutes=minutes_before)


def test_a_range_of_the_past_equals_sql_and_shows_nothing_after_it(
    connection: Connection, readers: ReadPool, newest: datetime
) -> None:
    find(connection, "AAPL")
    since, until = minute(newest, 40), minute(newest, 20)
    snapshot = readers.read(Question(RANGE, since=since, until=until, tape=200).answer)
    rows = snapshot.standings
    sums = (sum(r.trades for r in rows), sum(r.volume for r in rows), sum(r.value for r in rows), len(rows))
    assert [sums] == asked(connection, SUMS, start=since, end=until)
    assert all(since <= trade.timestamp < until for trade in snapshot.tape)
    assert sum(row.findings for row in rows) == len(snapshot.marks) == 0


def test_the_course_and_what_was_before_equal_sql(
    connection: Connection, readers: ReadPool, newest: datetime
) -> None:
    snapshot = readers.read(Question("15m").answer)
    assert snapshot.span is not None
    assert snapshot.former is not None
    end = newest + timedelta(microseconds=1)
    ((trades, volume, value, _),) = asked(connection, SUMS, start=snapshot.span.start, end=end)
    buckets = snapshot.buckets
    assert (sum(b.trades for b in buckets), sum(b.volume for b in buckets)) == (trades, volume)
    assert sum(b.value for b in buckets) == value
    former = snapshot.former
    told = (former.trades, former.volume, former.value, former.active)
    assert [told] == asked(connection, SUMS, start=former.start, end=snapshot.span.start)


def test_the_stretch_before_is_none_where_the_tape_does_not_reach(
    readers: ReadPool, newest: datetime
) -> None:
    del newest
    assert readers.read(Question("all").answer).former is None


@pytest.mark.usefixtures("newest")
def test_candles_of_a_width_of_their_own_equal_sql(connection: Connection, readers: ReadPool) -> None:
    snapshot = readers.read(Question("all", focus="MSFT", width=timedelta(minutes=5)).answer)
    expected = asked(
        connection,
        """SELECT date_bin('5 minutes', "timestamp", 'epoch'), max(price), min(price), sum(volume),
                  coalesce(sum(volume) FILTER (WHERE trade_type = 'BUY'), 0),
                  coalesce(sum(volume) FILTER (WHERE trade_type = 'SELL'), 0)
           FROM trades WHERE symbol = 'MSFT' GROUP BY 1 ORDER BY 1""",
    )
    assert [
        (c.start, c.high, c.low, c.volume, c.buy_volume, c.sell_volume) for c in snapshot.candles
    ] == expected


@pytest.mark.usefixtures("newest")
def test_findings_are_chosen_by_kind_method_and_strength(connection: Connection, readers: ReadPool) -> None:
    find(connection, "AAPL", "price_spike")
    find(connection, "AAPL", "volume_spike")
    find(connection, "TSLA", "volume_spike")
    everything = readers.read(Search(Question("all")).answer)
    assert everything.kinds == {"price_spike": 1, "volume_spike": 2}
    assert everything.methods == {"zscore": 3}
    for search, count in (
        (Search(Question("all"), kinds=("volume_spike",)), 2),
        (Search(Question("all", ("TSLA",)), kinds=("volume_spike",)), 1),
        (Search(Question("all"), methods=("forest",)), 0),
        (Search(Question("all"), methods=("zscore", "forest")), 3),
        (Search(Question("all"), strength=2.0), 3),
        (Search(Question("all"), strength=3.0), 0),
    ):
        found = readers.read(search.answer)
        assert len(found.marks) == count
        assert found.kinds == everything.kinds or search.of.symbols


def test_precision_and_recall_are_those_of_the_labels(
    connection: Connection, readers: ReadPool, newest: datetime
) -> None:
    with (
        connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(
            """INSERT INTO anomalies (symbol, kind, source, trade_id, span_start, span_end, methods, score,
                                      threshold, explanation, model_version)
               SELECT symbol, 'price_spike', source, trade_id, "timestamp", "timestamp", '{zscore}', 9, 4,
                      'x', 't'
               FROM trades WHERE "timestamp" > %s - interval '2 minutes'""",
            (newest,),
        )
    ((labelled, caught, findings, trades),) = asked(
        connection,
        """SELECT count(*) FILTER (WHERE t.anomaly IS NOT NULL),
                  count(*) FILTER (WHERE t.anomaly IS NOT NULL AND a.trade_id IS NOT NULL),
                  count(a.trade_id), count(*)
           FROM trades t LEFT JOIN anomalies a USING (trade_id, symbol, source)""",
    )
    quality = readers.read(Search(Question("all")).answer).quality
    assert quality == Quality(trades, labelled, caught, findings, caught)
    assert quality.recall == caught / labelled
    assert quality.precision == caught / findings


@pytest.mark.usefixtures("newest")
def test_the_system_tells_places_letters_and_programs(connection: Connection, readers: ReadPool) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ingest_offsets (job, topic, kafka_partition, next_offset, owner_epoch, duplicates)"
            " VALUES ('consumer', 'tape', 2, 150, 1, 7)"
        )
        cursor.execute(
            "INSERT INTO topic_lives (topic, kafka_partition, topic_id, base_offset)"
            " VALUES ('tape', 2, 'x', 100)"
        )
        cursor.execute(
            "INSERT INTO dead_letters (topic, kafka_partition, kafka_offset, payload, reason)"
            r" VALUES ('tape', 2, 149, '\x7b00ff', 'not JSON')"
        )
    status = readers.read(Condition().answer)
    (place,) = status.offsets
    assert (place.job, place.partition, place.next_offset, place.duplicates) == ("consumer", 2, 50, 7)
    (letter,) = status.letters
    assert (letter.reason, letter.offset, letter.begins) == ("not JSON", 149, r"{\000\377")
    assert "test" in {session.program for session in status.sessions}
    ((trades,),) = asked(connection, "SELECT count(*) FROM trades")
    assert (
        sum(each.trades for each in status.minutes) + trades_before(connection, status.minutes[0].start)
        == trades
    )
    assert status.symbols == SYMBOLS


def test_the_time_from_a_trade_to_the_table_is_that_of_the_newest_at_the_consumers_place(
    connection: Connection, readers: ReadPool, newest: datetime
) -> None:
    assert readers.read(Condition().answer).latency is None
    with connection, connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO ingest_offsets (job, topic, kafka_partition, next_offset, owner_epoch, updated_at)
               SELECT 'consumer', 'tape', 0, max(kafka_offset) + 1, 1, %s FROM trades""",
            (newest + timedelta(milliseconds=250),),
        )
    assert readers.read(Condition().answer).latency == (0.25, 0.25)
    with connection, connection.cursor() as cursor:
        cursor.execute("UPDATE ingest_offsets SET next_offset = next_offset + 1")  # past a marker
    assert readers.read(Condition().answer).latency == (0.25, 0.25)
    with connection, connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO dead_letters (topic, kafka_partition, kafka_offset, reason)
               SELECT 'tape', 0, next_offset - 1, 'no trade' FROM ingest_offsets"""
        )
    assert readers.read(Condition().answer).latency is None


@pytest.mark.usefixtures("newest")
def test_a_job_that_has_read_and_is_not_connected_is_away(
    connection: Connection, readers: ReadPool, address: Address
) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO ingest_offsets (job, topic, kafka_partition, next_offset, owner_epoch)
               VALUES ('consumer', 'tape', 0, 1, 1), ('aggregator', 'tape', 0, 1, 1)"""
        )
    for question in (Question("15m"), Search(Question("15m")), Condition()):
        assert readers.read(question.answer).absent == ("aggregator", "consumer")  # type: ignore[attr-defined]
    with closing(connect(address, "consumer")), closing(connect(address, "flink")):
        assert readers.read(Condition().answer).absent == ()


def trades_before(connection: Connection, moment: datetime) -> int:
    ((count,),) = asked(
        connection, 'SELECT count(*) FROM trades WHERE "timestamp" < %(moment)s', moment=moment
    )
    return int(count)

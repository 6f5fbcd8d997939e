"""The reconciler on real servers: whatever happens to the tape, each candle comes to equal SQL over it."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from stockstream.connectors.postgres.connection import Connection
from stockstream.settings import Settings
from tests.integration.candles import aggregate, assert_plain_sql, consume, differing, reconcile
from tests.integration.mixed_tape import Line, mixed_tape, produce
from tests.integration.topics import rows
from tests.scripts import ran, running
from tests.waiting import until

OPENING = datetime(2026, 11, 20, 10, tzinfo=UTC)
FACTS = "SELECT trade_count, late_trades, revision, is_final FROM stock_metrics ORDER BY window_start"
BREAK = """
UPDATE stock_metrics SET max_price = max_price + 1, reconciled_at = reconciled_at + interval '1 second'
WHERE symbol = 'AAPL' AND is_final RETURNING 1
"""


def line(name: str, second: float, symbol: str = "AAPL", price: str = "2") -> Line:
    return Line(name, OPENING + timedelta(seconds=second), symbol, price, "1", "BUY")


def settled(connection: Connection) -> bool:
    """Whether no minute that is over waits."""
    waiting = (
        "SELECT FROM touched_minutes UNION ALL SELECT FROM unreconciled_minutes WHERE window_start < now()"
    )
    return not rows(connection, waiting)


@pytest.fixture
def consumed(settings: Settings, environment: Mapping[str, str]) -> None:
    """A tape of 6,000 trades without candles."""
    produce(settings, mixed_tape(6_000))
    consume(environment)


def test_a_late_trade_comes_into_its_candle_and_a_repeat_does_not(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    early = line("a", 0)
    produce(settings, [early, line("c", 540)])
    consume(environment)
    aggregate(environment)
    assert rows(connection, FACTS) == [(1, 0, 0, True), (1, 0, 0, True)]
    produce(settings, [line("b", 1), early, line("b", 1)])
    consume(environment)
    aggregate(environment)
    assert rows(connection, FACTS) == [(2, 1, 1, True), (1, 0, 0, True)]
    assert_plain_sql(connection)


@pytest.mark.usefixtures("consumed")
def test_what_is_found_equal_is_no_revision(environment: Mapping[str, str], connection: Connection) -> None:
    aggregate(environment)
    assert ran(environment, "database.py", "rebuild").returncode == 0
    assert rows(connection, "SELECT sum(revision), sum(late_trades) FROM stock_metrics") == [(0, 0)]
    assert_plain_sql(connection)


def test_a_candle_that_the_tape_knows_no_trade_of_goes(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    produce(settings, [line("a", 0)])
    consume(environment)
    engine = """
        INSERT INTO stock_metrics (symbol, window_start, window_end, trade_count, total_volume, total_value,
                                   buy_volume, sell_volume, is_final)
        VALUES ('BAD', %s, %s, 3, 1, 1, 1, 0, true), ('AAPL', %s, %s, 2, 1, 1, 1, 0, true)
    """
    with connection, connection.cursor() as cursor:
        cursor.execute(engine, [OPENING, OPENING + timedelta(minutes=1)] * 2)
    reconcile(environment)
    assert rows(connection, "SELECT symbol FROM stock_metrics") == [("AAPL",)]
    assert_plain_sql(connection)


def test_a_candle_ahead_of_the_tape_waits_for_the_consumer(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    produce(settings, [line(f"t{number}", number) for number in range(50)])
    aggregate(environment)
    assert rows(connection, "SELECT trade_count, reconciled_at FROM stock_metrics") == [(50, None)]
    audit = ran(environment, "test_system.py", "--audit")
    assert "no trade has been consumed yet" in audit.stdout
    with running(environment, "aggregator.py", "--reconcile-only"):
        consume(environment)
        until(lambda: settled(connection), 30)
    assert_plain_sql(connection)


@pytest.mark.usefixtures("consumed")
def test_rebuild_mends_what_was_changed_by_hand_and_tells_how_much(
    environment: Mapping[str, str], connection: Connection
) -> None:
    aggregate(environment)
    assert rows(connection, BREAK)
    audit = ran(environment, "test_system.py", "--audit")
    assert audit.returncode == 1
    assert "python database.py rebuild mends them" in audit.stdout
    elsewhere = ran(environment, "database.py", "rebuild", "MSFT", "--until", "2026-11-20T10:01:00Z")
    assert "1 candles equal the tape" in elsewhere.stdout, elsewhere.stderr
    assert differing(connection)
    done = ran(environment, "database.py", "rebuild", "AAPL", "--since", "2026-11-20")
    assert done.returncode == 0, done.stderr
    assert_plain_sql(connection)
    assert ran(environment, "test_system.py", "--audit").returncode == 0


def test_a_symbol_that_never_traded_is_told_to_rebuild(environment: Mapping[str, str]) -> None:
    done = ran(environment, "database.py", "rebuild", "NOWHERE")
    assert done.returncode == 1
    assert "NOWHERE" in done.stderr


def test_dead_letters_that_become_trades_come_into_their_candles(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    produce(settings, [line("a", 0), line("b", 1)])
    consume(environment)
    aggregate(environment)
    bury = """
        WITH gone AS (DELETE FROM trades WHERE trade_id = 'b' RETURNING *)
        INSERT INTO dead_letters (topic, kafka_partition, kafka_offset, payload, reason)
        SELECT %s, kafka_partition, kafka_offset, convert_to(%s, 'UTF8'), 'a rule of the past' FROM gone
    """
    with connection, connection.cursor() as cursor:
        cursor.execute(bury, [settings.kafka_topic, line("b", 1).message.decode()])
    assert ran(environment, "database.py", "rebuild").returncode == 0
    assert rows(connection, "SELECT trade_count FROM stock_metrics") == [(1,)]
    assert ran(environment, "consumer.py", "--replay-dead-letters").returncode == 0
    reconcile(environment)
    assert rows(connection, "SELECT trade_count FROM stock_metrics") == [(2,)]
    assert_plain_sql(connection)


@pytest.mark.usefixtures("consumed")
def test_pruning_waits_for_what_is_to_be_reconciled_and_keeps_the_candles(
    environment: Mapping[str, str], connection: Connection
) -> None:
    wanted = rows(
        connection,
        "SELECT count(DISTINCT (symbol, date_trunc('minute', timestamp))) FROM trades"
        " WHERE timestamp < now()",
    )
    pruned = ran(environment, "database.py", "prune", "--older-than", "1s")
    assert pruned.returncode == 0, pruned.stderr
    assert rows(connection, "SELECT FROM trades WHERE timestamp < now()") == []
    assert rows(connection, "SELECT count(*) FROM stock_metrics WHERE reconciled_at IS NOT NULL") == wanted
    # The candles of what is gone stay, whatever is noted of them.
    assert ran(environment, "database.py", "rebuild").returncode == 0
    assert rows(connection, "SELECT count(*) FROM stock_metrics WHERE trade_count > 0") == wanted
    assert ran(environment, "test_system.py", "--audit").returncode == 0


def test_pruning_in_the_middle_of_reconciling_takes_no_trade_from_a_candle(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    produce(settings, mixed_tape(20_000))
    consume(environment)
    whole = "SELECT count(*)::numeric FROM trades WHERE timestamp < now()"
    wanted = rows(connection, whole)
    with running(environment, "aggregator.py", "--reconcile-only"):
        until(lambda: rows(connection, "SELECT FROM stock_metrics LIMIT 1"), 30)
        assert ran(environment, "database.py", "prune", "--older-than", "1s").returncode == 0
        until(lambda: settled(connection), 30)
    assert rows(connection, whole) == [(0,)]
    assert rows(connection, "SELECT sum(trade_count) FROM stock_metrics WHERE window_end < now()") == wanted


def test_two_reconcilers_and_a_rebuild_while_trades_pour_in_leave_every_candle_right(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    only = ("aggregator.py", "--reconcile-only")
    with (
        running(environment, "consumer.py"),
        running(environment, *only),
        running(environment, *only),
        running(environment, "aggregator.py"),
        pouring(settings),
    ):
        until(
            lambda: rows(connection, "SELECT FROM stock_metrics WHERE reconciled_at IS NOT NULL LIMIT 1"), 60
        )
        for _ in range(3):
            assert ran(environment, "database.py", "rebuild").returncode == 0
    consume(environment)
    aggregate(environment)
    assert_plain_sql(connection)


@contextmanager
def pouring(settings: Settings) -> Iterator[None]:
    """Send trades of the same minutes again and again, in pieces, for the time of the block."""
    is_over = Event()

    def send() -> None:
        for first in range(0, 1_000_000, 500):
            if is_over.wait(0.2):
                return
            tape = mixed_tape(500, first=first % 4_000)
            produce(
                settings, [Line(f"{first}-{each.trade_id}", *list(vars(each).values())[1:]) for each in tape]
            )

    with ThreadPoolExecutor(1) as pool:
        sender = pool.submit(send)
        try:
            yield
        finally:
            is_over.set()
        sender.result()

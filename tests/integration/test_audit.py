"""The audit on real servers: it passes a tape that is right, and names whatever breaks an invariant."""

from collections.abc import Mapping
from contextlib import closing

from stockstream.connectors.kafka.groups import group_of
from stockstream.connectors.kafka.topic import group_offsets
from stockstream.connectors.postgres.connection import Connection, address_of
from stockstream.connectors.postgres.read.audit import AuditedTape
from stockstream.jobs.audit import audit
from stockstream.jobs.health.check_result import State
from stockstream.settings import Settings
from tests.integration.mixed_tape import mixed_tape, produce
from tests.integration.topics import rows
from tests.scripts import ran

# What breaks an invariant, how it is mended, and the numbers of the checks that must see it.
COLUMNS = (
    "trade_id, timestamp, symbol, price, volume, trade_type, source, anomaly, kafka_partition, kafka_offset"
)
BREAKS = {
    "a trade is gone": (
        """
        CREATE TABLE kept AS SELECT * FROM trades ORDER BY kafka_partition, kafka_offset LIMIT 1;
        DELETE FROM trades USING kept
        WHERE (trades.kafka_partition, trades.kafka_offset) = (kept.kafka_partition, kept.kafka_offset)
        """,
        f"INSERT INTO trades ({COLUMNS}) SELECT {COLUMNS} FROM kept; DROP TABLE kept",  # noqa: S608 - our own
        "15",
    ),
    "a place is taken twice": (
        """
        INSERT INTO dead_letters (topic, kafka_partition, kafka_offset, reason)
        SELECT %(topic)s, kafka_partition, kafka_offset, 'test' FROM trades LIMIT 1
        """,
        "DELETE FROM dead_letters WHERE reason = 'test'",
        "2",
    ),
    "a trade is in two days": (
        f"""
        SELECT make_trades_day('2020-02-02');
        CREATE TABLE kept AS SELECT * FROM trades LIMIT 1;
        UPDATE kept SET timestamp = '2020-02-02 12:00Z';
        INSERT INTO trades ({COLUMNS}) SELECT {COLUMNS} FROM kept
        """,  # noqa: S608 - our own
        "DELETE FROM trades WHERE timestamp < '2021-01-01Z'; DROP TABLE kept",
        "235",
    ),
    "a place went back": (
        "UPDATE ingest_offsets SET next_offset = next_offset - 1 WHERE job = 'consumer' AND next_offset > 0",
        "UPDATE ingest_offsets SET next_offset = next_offset + 1 WHERE job = 'consumer' AND next_offset > 0",
        "46",
    ),
    "a candle is wrong": (
        # Another time tells that it is no engine that writes, which would be turned away.
        "UPDATE stock_metrics SET max_price = max_price + 1, reconciled_at = now()",
        "UPDATE stock_metrics SET max_price = max_price - 1, reconciled_at = now()",
        "5",
    ),
}


def _failed(settings: Settings) -> dict[str, str]:
    """Audit without waiting; returns what failed, by its number."""
    servers, topic, group = (
        *(settings.kafka_bootstrap_servers, settings.kafka_topic),
        group_of("consumer", settings),
    )
    with closing(AuditedTape(address_of(settings), topic)) as tape:
        checks = audit(
            tape,
            lambda wanted: group_offsets(servers, topic, group, wanted),
            lambda: None,
            lambda _what, _share: None,
        )
    return {check.name[0]: check.detail for check in checks if check.state is State.FAILED}


def test_an_audit_passes_what_is_right_and_names_what_is_not(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    before = ran(environment, "test_system.py", "--audit")
    assert before.returncode == 0
    assert "no trade has been consumed yet" in before.stdout
    produce(settings, mixed_tape(5_000))
    for job in ("consumer.py", "aggregator.py"):
        assert ran(environment, job, "--exit-when-idle", "2").returncode == 0
    whole = ran(environment, "test_system.py", "--audit")
    assert whole.returncode == 0, whole.stdout
    assert [line.split()[1] for line in whole.stdout.splitlines()[:-1]] == list("123456")
    for name, (breaking, mending, numbers) in BREAKS.items():
        _run(connection, breaking, settings)
        found = _failed(settings)
        assert set(numbers) <= set(found), (name, found)
        _run(connection, mending, settings)
        assert not _failed(settings), name


def test_what_was_pruned_is_not_missing(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    produce(settings, mixed_tape(5_000))
    for job in ("consumer.py", "aggregator.py"):
        assert ran(environment, job, "--exit-when-idle", "2").returncode == 0
    (stored,) = rows(connection, "SELECT count(*) FROM trades")[0]
    pruned = ran(environment, "database.py", "prune", "--older-than", "1s")
    assert pruned.returncode == 0, pruned.stderr
    (left,) = rows(connection, "SELECT count(*) FROM trades")[0]
    assert int(str(left)) < int(str(stored))
    whole = ran(environment, "test_system.py", "--audit")
    assert whole.returncode == 0, whole.stdout
    assert " pruned" in whole.stdout


def _run(connection: Connection, statements: str, settings: Settings) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute(statements, {"topic": settings.kafka_topic})

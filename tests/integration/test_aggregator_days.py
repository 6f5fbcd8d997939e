"""Candles of days and weeks follow the exchange: each equals plain SQL, which has PostgreSQL's own zones."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from psycopg2.extras import execute_values

from stockstream.connectors.postgres.connection import Connection
from tests.integration.test_aggregator_frames import CANDLES, keep
from tests.integration.topics import rows
from tests.scripts import ran

# The clocks change in New York and Chicago; a holiday and a half day; the clocks change back.
WEEKS = (
    datetime(2026, 3, 5, tzinfo=UTC),
    datetime(2013, 11, 27, tzinfo=UTC),
    datetime(2026, 10, 30, tzinfo=UTC),
)
SOURCES = {"AAPL": "replay:aapl", "ES=F": "replay:es", "BTC-USD": "coinbase", "MSFT": "synthetic"}
RULES = "XNYS,*=F:CMES"
TRADES = """
INSERT INTO trades (trade_id, "timestamp", symbol, price, volume, trade_type, source, updates_last,
    kafka_partition, kafka_offset) VALUES %s
"""
NOTES = """
INSERT INTO touched_minutes (symbol, window_start)
SELECT DISTINCT symbol, date_trunc('minute', "timestamp") FROM trades RETURNING symbol
"""
# A day of Globex begins at 17:00 in Chicago on the day before.
DAY = """CASE symbol
    WHEN 'AAPL' THEN date_trunc('{unit}', timestamp, 'America/New_York')
    WHEN 'ES=F' THEN (date_trunc('{unit}', timestamp AT TIME ZONE 'America/Chicago' + interval '7 hours')
        - interval '7 hours') AT TIME ZONE 'America/Chicago'
    ELSE date_trunc('{unit}', timestamp, 'UTC') END"""
END = """CASE symbol
    WHEN 'AAPL' THEN (window_start AT TIME ZONE 'America/New_York' + interval '{width}')
        AT TIME ZONE 'America/New_York'
    WHEN 'ES=F' THEN (window_start AT TIME ZONE 'America/Chicago' + interval '{width}')
        AT TIME ZONE 'America/Chicago'
    ELSE window_start + interval '{width}' END"""
PLAIN = """
SELECT symbol, window_start, {end}, count(*), avg(price),
    min(price) FILTER (WHERE updates_last), max(price) FILTER (WHERE updates_last),
    sum(volume), sum(total_value),
    (array_agg(price ORDER BY timestamp) FILTER (WHERE updates_last))[1],
    (array_agg(price ORDER BY timestamp DESC) FILTER (WHERE updates_last))[1],
    sum(total_value) / sum(volume),
    coalesce(sum(volume) FILTER (WHERE trade_type = 'BUY'), 0),
    coalesce(sum(volume) FILTER (WHERE trade_type = 'SELL'), 0)
FROM (SELECT *, {day} AS window_start FROM trades) AS dated
GROUP BY symbol, window_start
"""
UNITS = (("day", "1 day"), ("week", "7 days"))


@pytest.fixture
def tape(connection: Connection) -> None:
    """Trades in 150 minutes of three spells of eight days, and the notes that a writer leaves."""
    chance = random.Random(3)  # noqa: S311 - a tape, no secret
    minutes = [chance.choice(WEEKS) + timedelta(minutes=chance.randrange(8 * 1_440)) for _ in range(150)]
    trades = [
        (
            f"t{number}",
            chance.choice(minutes) + timedelta(microseconds=chance.randrange(60_000_000)),
            symbol := chance.choice([*SOURCES]),
            Decimal(chance.randrange(10_000, 20_000)) / 100,
            Decimal(chance.randrange(1, 500)),
            chance.choice(("BUY", "SELL", None)),
            SOURCES[symbol],
            chance.random() < 0.9,
            0,
            number,
        )
        for number in range(3_000)
    ]
    with connection, connection.cursor() as cursor:
        execute_values(cursor, TRADES, trades)
    rows(connection, NOTES)


@pytest.mark.usefixtures("tape")
def test_candles_of_days_and_weeks_are_plain_sql(
    environment: Mapping[str, str], connection: Connection
) -> None:
    environment = {**environment, "CALENDARS": RULES}
    for window in ("1d", "1w"):
        keep(environment, window, window)
    for unit, width in UNITS:
        candles = CANDLES.format(width=width, slide=width)
        plain = PLAIN.format(day=DAY.format(unit=unit), end=END.format(width=width))
        assert rows(connection, f"({candles}) EXCEPT ALL ({plain})") == []
        assert rows(connection, f"({plain}) EXCEPT ALL ({candles})") == []
    lengths = (
        "SELECT DISTINCT window_end - window_start FROM candles WHERE symbol = 'AAPL' AND width = '1 day'"
    )
    assert {length for (length,) in rows(connection, lengths)} == {
        timedelta(hours=count) for count in (23, 24, 25)
    }


@pytest.mark.usefixtures("tape")
def test_windows_of_a_day_and_a_half_are_counted_from_1970_in_utc(
    environment: Mapping[str, str], connection: Connection
) -> None:
    keep({**environment, "CALENDARS": RULES}, "36h", "36h")
    starts = "SELECT DISTINCT extract(epoch FROM window_start)::bigint % (36 * 3600) FROM candles"
    assert rows(connection, starts) == [(0,)]


@pytest.mark.usefixtures("tape")
def test_other_rules_make_the_days_anew_once_the_frame_is_kept_again(
    environment: Mapping[str, str], connection: Connection
) -> None:
    aapl = "SELECT DISTINCT window_start AT TIME ZONE '{zone}' FROM candles WHERE symbol = 'AAPL'"
    for rules, zone in (("24/7", "UTC"), ("AAPL:XTKS", "Asia/Tokyo"), (RULES, "America/New_York")):
        keep({**environment, "CALENDARS": rules}, "1d", "1d")
        starts = rows(connection, aapl.format(zone=zone))
        assert len(starts) >= 20
        assert {str(start)[11:] for (start,) in starts} == {"00:00:00"}
    # A reconciler with other settings keeps to the rules of the frame.
    rows(connection, NOTES)
    done = ran(
        {**environment, "CALENDARS": "24/7"}, "aggregator.py", "--reconcile-only", "--exit-when-idle", "1"
    )
    assert done.returncode == 0, done.stderr
    assert rows(connection, aapl.format(zone="America/New_York")) == starts


def test_a_calendar_that_does_not_exist_is_told(environment: Mapping[str, str]) -> None:
    done = ran(
        {**environment, "CALENDARS": "XNYSE"}, "aggregator.py", "--window", "1d", "--exit-when-idle", "1"
    )
    assert done.returncode == 2
    assert "CALENDARS=XNYSE: no such calendar; python -m stockstream.conn" in done.stderr.splitlines()[-1]

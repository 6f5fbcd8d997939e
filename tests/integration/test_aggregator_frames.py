"""Candles of other widths, and sliding ones: each equals plain SQL over the trades."""

from collections.abc import Mapping, Sequence

import pytest

from stockstream.connectors.postgres.connection import Connection
from stockstream.settings import Settings
from tests.integration.candles import aggregate, consume
from tests.integration.mixed_tape import mixed_tape, produce
from tests.integration.topics import rows
from tests.scripts import ran, running

FRAMES = [("5m", "1m"), ("2m", "2m"), ("1h", "1h")]
# What plain SQL makes of the trades, each in all windows it is in.
PLAIN = """
SELECT symbol, window_start, window_start + interval '{width}', count(*), avg(price),
    min(price) FILTER (WHERE updates_last), max(price) FILTER (WHERE updates_last),
    sum(volume), sum(total_value),
    (array_agg(price ORDER BY timestamp, kafka_partition, kafka_offset) FILTER (WHERE updates_last))[1],
    (array_agg(price ORDER BY timestamp DESC, kafka_partition DESC, kafka_offset DESC)
        FILTER (WHERE updates_last))[1],
    sum(total_value) / sum(volume),
    coalesce(sum(volume) FILTER (WHERE trade_type = 'BUY'), 0),
    coalesce(sum(volume) FILTER (WHERE trade_type = 'SELL'), 0)
FROM trades CROSS JOIN LATERAL generate_series(
    date_bin(interval '{slide}', timestamp, '1970-01-01Z') - (interval '{width}' - interval '{slide}'),
    date_bin(interval '{slide}', timestamp, '1970-01-01Z'), interval '{slide}'
) AS window_start
WHERE timestamp < now()
GROUP BY 1, 2
"""

CANDLES = """
SELECT symbol, window_start, window_end, trade_count, avg_price, min_price, max_price,
    total_volume, total_value, open, close, vwap, buy_volume, sell_volume
FROM candles WHERE width = interval '{width}' AND slide = interval '{slide}'
"""


def test_candles_of_any_frame_are_plain_sql(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    tape = mixed_tape(30_000)
    produce(settings, tape[:15_000])
    consume(environment)
    aggregate(environment)
    # What is there is made, what comes is kept, and of a frame that is kept already nothing is recreated.
    for width, slide in FRAMES:
        keep(environment, width, slide)
    assert_plain_sql(connection, FRAMES)
    produce(settings, tape[15_000:])
    consume(environment)
    with running(environment, "aggregator.py", "--reconcile-only"):
        aggregate(environment)
    assert_plain_sql(connection, FRAMES)
    assert rows(connection, "SELECT bool_and(is_final), bool_or(revision > 0) FROM candles") == [(True, True)]


def keep(environment: Mapping[str, str], width: str, slide: str) -> None:
    done = ran(environment, "aggregator.py", "--window", width, "--slide", slide, "--exit-when-idle", "1")
    assert done.returncode == 0, done.stderr


def assert_plain_sql(connection: Connection, frames: Sequence[tuple[str, str]]) -> None:
    for width, slide in frames:
        candles, plain = (sql.format(width=width, slide=slide) for sql in (CANDLES, PLAIN))
        assert rows(connection, f"({candles}) EXCEPT ALL ({plain})") == []
        assert rows(connection, f"({plain}) EXCEPT ALL ({candles})") == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--window", "8d"), "from 1m to 1w"),
        (("--slide", "1m"), "--slide goes with --window"),
        (("--window", "5m", "--slide", "2m"), "the slide has to fit"),
        (("--window", "90s"), "have to be whole minutes"),
    ],
)
def test_a_window_that_cannot_be_is_told(
    options: tuple[str, ...], told: str, environment: Mapping[str, str]
) -> None:
    done = ran(environment, "aggregator.py", *options)
    assert done.returncode == 2
    assert told in done.stderr.splitlines()[-1]

"""Candles of other widths, and sliding ones: each equals plain SQL over the trades."""

from collections.abc import Mapping

import pytest

from stockstream.connectors.postgres import Connection
from stockstream.settings import Settings
from tests.integration.mixed_tape import mixed_tape, produce, store
from tests.integration.test_aggregator import rows
from tests.scripts import ran, running
from tests.waiting import until

# What plain SQL makes of the trades, each in all windows it is in, without those that came too late.
PLAIN = """
SELECT symbol, window_start, window_start + interval '{width}',
    count(*) FILTER (WHERE source <> 'tardy'), count(*) FILTER (WHERE source = 'tardy'),
    avg(price) FILTER (WHERE source <> 'tardy'),
    min(price) FILTER (WHERE source <> 'tardy'), max(price) FILTER (WHERE source <> 'tardy'),
    coalesce(sum(volume) FILTER (WHERE source <> 'tardy'), 0),
    coalesce(sum(total_value) FILTER (WHERE source <> 'tardy'), 0),
    (array_agg(price ORDER BY timestamp, kafka_partition, kafka_offset) FILTER (WHERE source <> 'tardy'))[1],
    (array_agg(price ORDER BY timestamp DESC, kafka_partition DESC, kafka_offset DESC)
        FILTER (WHERE source <> 'tardy'))[1],
    sum(total_value) FILTER (WHERE source <> 'tardy') / sum(volume) FILTER (WHERE source <> 'tardy'),
    coalesce(sum(volume) FILTER (WHERE source <> 'tardy' AND trade_type = 'BUY'), 0),
    coalesce(sum(volume) FILTER (WHERE source <> 'tardy' AND trade_type = 'SELL'), 0)
FROM trades CROSS JOIN LATERAL generate_series(
    date_bin(interval '{slide}', timestamp, '1970-01-01Z') - (interval '{width}' - interval '{slide}'),
    date_bin(interval '{slide}', timestamp, '1970-01-01Z'), interval '{slide}'
) AS window_start
GROUP BY 1, 2
"""

CANDLES = """
SELECT symbol, window_start, window_end, trade_count, late_trades, avg_price, min_price, max_price,
    total_volume, total_value, open, close, vwap, buy_volume, sell_volume
FROM candles WHERE width = interval '{width}' AND slide = interval '{slide}'
"""
# A killed member holds its group for six seconds: once is enough.
KILLED_IN = ("5m", "1m")
PROGRESS = "SELECT sum(next_offset) FROM ingest_offsets"


@pytest.mark.parametrize("frame", [("5m", "1m"), ("10s", "10s"), ("1h", "1h")], ids="/".join)
def test_candles_of_any_frame_are_plain_sql(
    frame: tuple[str, str], settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    width, slide = frame
    options = ("--window", width, "--slide", slide)
    tape = mixed_tape(30_000)
    store(connection, produce(settings, tape[:15_000]))
    with running(environment, "aggregator.py", *options) as aggregator:
        until(lambda: rows(connection, PROGRESS) not in ([(None,)], [(0,)]), patience=90)
        if frame != KILLED_IN:
            aggregator.terminate()
            aggregator.communicate(timeout=30)
    store(connection, produce(settings, tape[15_000:]))
    done = ran(environment, "aggregator.py", *options, "--exit-when-idle", "1")
    assert done.returncode == 0, done.stderr
    candles, plain = (sql.format(width=width, slide=slide) for sql in (CANDLES, PLAIN))
    assert rows(connection, f"({candles}) EXCEPT ALL ({plain})") == []
    assert rows(connection, f"({plain}) EXCEPT ALL ({candles})") == []
    assert rows(connection, "SELECT bool_and(is_final = (window_end < now())) FROM candles") == [(True,)]
    assert rows(connection, "SELECT FROM stock_metrics") == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--window", "2d"), "from 1s to 1d"),
        (("--slide", "1m"), "--slide goes with --window"),
        (("--window", "5m", "--slide", "2m"), "--slide has to fit"),
    ],
)
def test_a_window_that_cannot_be_is_told(
    options: tuple[str, ...], told: str, environment: Mapping[str, str]
) -> None:
    done = ran(environment, "aggregator.py", *options)
    assert done.returncode == 2
    assert told in done.stderr.splitlines()[-1]

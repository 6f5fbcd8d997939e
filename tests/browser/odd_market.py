"""A market with symbols that a window of time does not show well: one that is late, one that is quiet."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from stockstream.connectors.postgres.connection import Connection
from stockstream.settings import Settings
from tests.browser.market import Row, find, put, random_trades
from tests.integration.mixed_tape import Line, produce, store
from tests.scripts import ran

QUIET, BEHIND, PROMPT = "QUIET", "BEHIND", "PROMPT"  # the last two are keys of one partition
MINUTE = timedelta(minutes=1)
BEHIND_TRADES, LATE_TRADES = 7, 1


def make(settings: Settings, environment: Mapping[str, str], connection: Connection) -> None:
    """Store some eighty minutes of trades with three findings, and both odd symbols."""
    end = datetime.now(UTC)
    put(connection, [*quiet_trades(end), *random_trades(600, end - 40 * MINUTE, 2_400, 3)])
    find(connection, "MSFT", "price_spike", "MSFT was far off")
    put(connection, random_trades(1_500, end, 2_399))
    find(connection, "TSLA", "price_spike", "TSLA is far off")
    find(connection, "AAPL", "volume_spike", "AAPL is in great demand")
    _be_late(settings, environment, connection, end)


def quiet_trades(end: datetime) -> list[Row]:
    """Return a few trades of a symbol that has not traded for two days."""
    rows = random_trades(12, end - timedelta(days=2), 600, 5)
    return [(*row[:2], QUIET, *row[3:]) for row in rows]


def _be_late(
    settings: Settings, environment: Mapping[str, str], connection: Connection, end: datetime
) -> None:
    """Have the aggregator pass the minutes of BEHIND, and close one of PROMPT, before trades of both come."""
    prompt = [Line(f"p{at}", end - at * MINUTE / 2, PROMPT, "20.5", "3", "BUY") for at in (30, 20, 10, 1)]
    late = [
        Line(f"l{at}", end - (8 - at / 4) * MINUTE, BEHIND, f"{50 + at}.25", "2", "SELL")
        for at in range(BEHIND_TRADES)
    ]
    late.append(Line("p0", end - 15 * MINUTE, PROMPT, "20.5", "3", "BUY"))
    for lines in (prompt, late):
        store(connection, produce(settings, lines))
        done = ran(environment, "aggregator.py", "--exit-when-idle", "1")
        assert done.returncode == 0, done.stderr

"""The whole way: trades from the producer through Kafka, consumer and aggregator to the eye."""

from collections.abc import Mapping
from contextlib import ExitStack

from stockstream.connectors.postgres.connection import Connection
from tests.browser.conftest import TIMEOUT, View
from tests.scripts import ran, running
from tests.waiting import until

COUNTED = "SELECT to_char(count(*), 'FM999,999,999'), to_char(sum(volume), 'FM999,999,999') FROM trades"


def test_trades_of_the_producer_reach_the_page(
    view: View, dashboard: str, environment: Mapping[str, str], connection: Connection
) -> None:
    with ExitStack() as parts:
        for script in ("consumer.py", "aggregator.py"):
            parts.enter_context(running(environment, script))
        # The page is open before most of them come, however long it takes to open.
        assert ran(environment, "producer.py", "--rate", "max", "--count", "60").returncode == 0
        view.open(f"{dashboard}/?window=all")
        parts.enter_context(running(environment, "producer.py", "--rate", "50", "--count", "600"))
        view.refreshes(2)
        until(lambda: view.total("Trades") == "660", TIMEOUT)
    with connection, connection.cursor() as cursor:
        cursor.execute(COUNTED)
        assert (view.total("Trades"), view.total("Volume")) == cursor.fetchone()

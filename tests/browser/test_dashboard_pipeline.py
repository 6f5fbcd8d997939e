"""The whole way: trades from the producer through Kafka, consumer and aggregator to the eye."""

from collections.abc import Mapping
from contextlib import ExitStack

from stockstream.connectors.postgres import Connection
from tests.browser.conftest import PATIENCE, View
from tests.scripts import running
from tests.waiting import until

COUNTED = "SELECT to_char(count(*), 'FM999,999,999'), to_char(sum(volume), 'FM999,999,999') FROM trades"


def test_trades_of_the_producer_reach_the_page(
    view: View, dashboard: str, environment: Mapping[str, str], connection: Connection
) -> None:
    with ExitStack() as parts:
        for script, *arguments in (
            ["consumer.py"],
            ["aggregator.py"],
            ["producer.py", "--rate", "50", "--count", "600"],
        ):
            parts.enter_context(running(environment, script, *arguments))
        view.open(f"{dashboard}/?window=all")
        view.refreshes(2)
        until(lambda: view.total("Trades") == "600", PATIENCE)
    with connection, connection.cursor() as cursor:
        cursor.execute(COUNTED)
        assert (view.total("Trades"), view.total("Volume")) == cursor.fetchone()

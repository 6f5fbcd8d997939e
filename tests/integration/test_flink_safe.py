"""Flink's candles over TLS alone: Kafka by SASL_SSL, PostgreSQL by verify-full, certificates made here."""

from contextlib import closing

import pytest

from stockstream.connectors.postgres.connection import address_of, connect
from stockstream.services import ports
from stockstream.settings import Settings
from tests.certificates import made
from tests.fresh import environment_of, open_folder
from tests.integration.flink_scene import flink
from tests.integration.safe_servers import safe_servers
from tests.integration.safe_story import IN_THE_CLEAR
from tests.scripts import ran
from tests.waiting import until

pytestmark = pytest.mark.timeout(1800)

COUNT = 2_000
SUMMED = "SELECT coalesce(sum(trade_count), 0) FROM stock_metrics"
BY_TLS = (
    "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) "
    "WHERE application_name = 'stockstream flink' AND ssl"
)


def asked(settings: Settings, question: str) -> int:
    with closing(connect(address_of(settings), "test")) as connection, connection.cursor() as cursor:
        cursor.execute(question)
        return int((cursor.fetchone() or (-1,))[0])


@pytest.mark.smoke
def test_flink_makes_the_candles_of_every_trade_over_tls_alone() -> None:
    with open_folder() as folder, safe_servers(folder, made(folder)) as safe:
        settings = safe.model_copy(update={"flink_port": ports.free_port(), "metrics_port": 0})
        environment = environment_of(settings)
        for command in (
            ("database.py", "init"),
            ("producer.py", "--count", str(COUNT), "--rate", "max", "--seed", "3"),
        ):
            done = ran(environment, *command)
            assert done.returncode == 0, done.stderr
        with flink(environment):
            until(lambda: asked(settings, SUMMED) == COUNT, timeout=150)
            assert asked(settings, BY_TLS) > 0
            assert asked(settings, IN_THE_CLEAR) == 0

"""A watch outlives its servers: it waits, says so in a line, and misses and doubles nothing."""

from contextlib import closing
from pathlib import Path

from stockstream.connectors.models import ModelStore
from stockstream.connectors.postgres import address_of, connect
from stockstream.services.scratch import Scratch
from tests.detections import examined, found_in_one_go, keys, produce, store, written
from tests.fresh import environment_of, fresh
from tests.scripts import running
from tests.waiting import until

BATCH = 6_000


def test_a_crash_of_either_server_costs_no_finding_and_doubles_none(
    own_servers: Scratch, tmp_path: Path
) -> None:
    with fresh(own_servers.settings, tmp_path) as settings:
        environment, address = environment_of(settings), address_of(settings)

        def has_examined(messages: int) -> bool:
            with closing(connect(address, "test")) as connection:
                return examined(connection) == messages

        produce(environment, BATCH, seed=1)
        with running(environment, "anomaly_detector.py", "watch") as watch:
            until(lambda: has_examined(BATCH), patience=40)
            own_servers.postgres.kill()
            produce(environment, BATCH, seed=2)
            own_servers.postgres.start()
            until(lambda: has_examined(2 * BATCH), patience=40)
            own_servers.kafka.kill()
            own_servers.kafka.start()
            produce(environment, BATCH, seed=3)
            until(lambda: has_examined(3 * BATCH), patience=60)
            watch.terminate()
            assert watch.wait(timeout=20) == 0
            said = watch.stderr.read() if watch.stderr else ""
        store(environment)
        with closing(connect(address, "test")) as connection:
            once = written(connection)
            assert len(once) == len(set(once)) > 0
            assert set(once) == keys(found_in_one_go(connection, ModelStore(settings.models_dir)))
        assert f"cannot reach PostgreSQL at {settings.postgres_host}:{settings.postgres_port}" in said
        assert "Traceback" not in said

"""The connection breaks at a COMMIT, so that the consumer does not know whether its rows are stored."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.faults.commit_cutter import CommitCutter, Moment
from tests.faults.conftest import IS_LONG
from tests.faults.scene import Scene

CUTS = 5 if IS_LONG else 1


@pytest.fixture
def cutter(scene: Scene, moment: Moment) -> Iterator[CommitCutter]:
    """The proxy that the consumer connects through."""
    host, port = scene.settings.postgres_host, scene.settings.postgres_port
    with closing(CommitCutter(host, port, moment)) as made:
        yield made


@pytest.mark.parametrize("moment", Moment, ids=lambda moment: moment.name)
def test_connection_cut_at_commit(scene: Scene, cutter: CommitCutter) -> None:
    consumer = scene.begin(POSTGRES_PORT=str(cutter.port))
    for _ in range(CUTS):
        cutter.arm(scene.random.randint(1, 5))
        assert cutter.has_cut.wait(30), consumer.said
        scene.recover()
    scene.end()
    assert "cannot reach PostgreSQL" in consumer.said

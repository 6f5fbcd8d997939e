"""Real servers for the tests that need them; each test has its own database and topic."""

import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import settings as properties

from stockstream.connectors.postgres.connection import Address, Connection, address_of, connect
from stockstream.connectors.postgres.read_pool import ReadPool
from stockstream.services.servers.scratch import Scratch, scratch
from stockstream.settings import Settings
from tests import slow
from tests.fresh import environment_of, fresh, make_template, open_folder

# If a shell starts it in the background, the suite and all that it starts would ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
# The duration of an example depends on how busy the machine is, not on the property.
properties.register_profile("untimed", deadline=None)
properties.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that the quick run leaves out."""
    for item in items:
        if (reason := slow.reason_of(item.nodeid)) and not item.get_closest_marker("smoke"):
            item.add_marker(pytest.mark.slow(reason))


@pytest.fixture(scope="session")
def servers() -> Iterator[Scratch]:
    """Kafka and PostgreSQL, shared by all tests; a test that crashes them uses `own_servers`."""
    with open_folder() as folder, scratch(folder) as started:
        make_template(started.settings)
        yield started


@pytest.fixture
def own_servers() -> Iterator[Scratch]:
    """Kafka and PostgreSQL for this test only: it may crash, stop and start them."""
    with open_folder() as folder, scratch(folder) as started:
        make_template(started.settings)
        yield started


@pytest.fixture
def settings(servers: Scratch, tmp_path: Path) -> Iterator[Settings]:
    """Settings with a fresh database and topic on the shared servers."""
    with fresh(servers.settings, tmp_path) as made:
        yield made


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    """The environment that makes a script run with `settings`."""
    return environment_of(settings)


@pytest.fixture
def address(settings: Settings) -> Address:
    """The address of the test's database."""
    return address_of(settings)


@pytest.fixture
def readers(address: Address) -> Iterator[ReadPool]:
    """The dashboard's connections to the test's database."""
    opened = ReadPool(address, "test")
    yield opened
    opened.close()


@pytest.fixture
def connection(address: Address) -> Iterator[Connection]:
    """An open connection to the test's database."""
    with closing(connect(address, "test")) as opened:
        yield opened

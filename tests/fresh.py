"""A database and a topic that no other test has used."""

import os
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from psycopg2 import sql

from stockstream.connectors.kafka.topic import ensure_topic
from stockstream.connectors.postgres.connection import address_of, connect
from stockstream.connectors.postgres.schema import migrate
from stockstream.settings import Settings

TEMPLATE = "template_of_tests"
PARTITIONS = 4
# A folder name that all code which reads paths must take literally.
ODD_NAME = "Zürich 100% #1 'q' \"d\" ;s \\b $HOME ".ljust(150, "x")


@contextmanager
def open_folder() -> Iterator[Path]:
    """Yield a folder for servers, which is removed afterwards.

    It is not in pytest's own folder: each pytest session closes that to other users, and PostgreSQL runs as
    another user if root starts it.
    """
    with TemporaryDirectory(prefix="stockstream-tests-") as folder:
        yield Path(folder)


def make_template(settings: Settings) -> None:
    """Create the migrated database from which each test's database is copied."""
    _in_server(settings, "CREATE DATABASE {}", TEMPLATE)
    address = replace(address_of(settings), database=TEMPLATE)
    with closing(connect(address, "test")) as connection:
        migrate(connection, address)


@contextmanager
def fresh(settings: Settings, folder: Path) -> Iterator[Settings]:
    """Yield settings with a new database and a new topic; the database is dropped afterwards."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    _in_server(settings, "CREATE DATABASE {} TEMPLATE {}", name, TEMPLATE)
    try:
        ensure_topic(settings.kafka_bootstrap_servers, name, PARTITIONS)
        yield settings.model_copy(
            update={
                "postgres_db": name,
                "kafka_topic": name,
                "kafka_partitions": PARTITIONS,
                "data_dir": folder / "run",
                "models_dir": folder / "models",
            }
        )
    finally:
        _in_server(settings, "DROP DATABASE {} WITH (FORCE)", name)


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the environment variables that make a script run with `settings`."""
    return dict(os.environ) | settings.environment()


def _in_server(settings: Settings, statement: str, *names: str) -> None:
    with closing(connect(address_of(settings), "test")) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

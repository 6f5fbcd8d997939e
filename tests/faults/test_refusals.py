"""PostgreSQL answers but refuses: it is read-only, too slow, or out of space. No trade is at fault."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest
from psycopg2 import sql

from stockstream.connectors.postgres.connection import Connection, address_of, connect
from tests.faults.crew import Member
from tests.faults.scene import Scene
from tests.faults.small_disk import moved_to, small_disk
from tests.fresh import open_folder
from tests.waiting import until


@contextmanager
def of_the_server(scene: Scene) -> Iterator[Connection]:
    """Yield a connection that is not affected by changes of the scene's database."""
    with closing(connect(replace(address_of(scene.settings), database="postgres"), "test")) as connection:
        connection.autocommit = True
        yield connection


def end_connections(server: Connection, database: str) -> None:
    with server.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database]
        )


def change(server: Connection, statement: str, database: str) -> None:
    with server.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(sql.Identifier(database)))


def is_told(consumer: Member, reason: str) -> None:
    until(lambda: reason in consumer.said, 30)


@pytest.mark.parametrize(
    ("setting", "value", "reason"),
    [
        ("default_transaction_read_only", "on", "read-only transaction"),
        ("statement_timeout", "'1ms'", "statement timeout"),
    ],
    ids=["read-only", "statement timeout"],
)
def test_a_database_that_refuses(scene: Scene, setting: str, value: str, reason: str) -> None:
    """The setting applies to connections made while it is set; they are not ended when it is reset."""
    consumer, database = scene.begin(), scene.settings.postgres_db
    with of_the_server(scene) as server:
        change(server, f"ALTER DATABASE {{}} SET {setting} = {value}", database)
        end_connections(server, database)
        is_told(consumer, reason)
        scene.linger(0.5, 1.5)
        change(server, f"ALTER DATABASE {{}} RESET {setting}", database)
    scene.recover()
    scene.end()


def test_a_full_disk(fragile_scene: Scene) -> None:
    with (
        open_folder() as folder,
        small_disk(folder) as disk,
        of_the_server(fragile_scene) as server,
        moved_to(disk, server, fragile_scene.settings.postgres_db),
    ):
        consumer = fragile_scene.begin()
        disk.fill()
        is_told(consumer, "No space left on device")
        fragile_scene.linger(0.5, 1.5)
        disk.free()
        fragile_scene.recover()
        fragile_scene.end()

"""Users of a database, each in one of the system's roles."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace

from psycopg2 import sql

from stockstream.connectors.postgres.connection import Address, connect

ROLES = ("reader", "writer", "aggregator", "detector", "flink", "producer")
SECRET = "of a test"  # noqa: S105 - a test's own


@contextmanager
def users(address: Address) -> Iterator[Mapping[str, Address]]:
    """Make a user for each role, as its site does; yields their addresses by role, and drops them."""
    named = {role: f"{role} of {address.database}" for role in ROLES}
    with closing(connect(address, "test")) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for role, name in named.items():
                wish = sql.SQL("CREATE USER {} PASSWORD {} IN ROLE {}").format(
                    sql.Identifier(name), sql.Literal(SECRET), sql.Identifier(f"stockstream_{role}")
                )
                cursor.execute(wish)
            try:
                yield {role: replace(address, user=name, password=SECRET) for role, name in named.items()}
            finally:
                for name in named.values():
                    cursor.execute(sql.SQL("DROP USER {}").format(sql.Identifier(name)))

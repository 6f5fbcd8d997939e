"""The schema's versions: numbered steps, each applied once, in one transaction under one lock.

This is a runner of thirty lines rather than a library: the available ones split a script at semicolons, which
breaks dollar-quoted blocks, and bring an ORM or their own configuration.
"""

from stockstream.connectors.postgres.connection import Address, Connection, own_errors
from stockstream.connectors.postgres.sql import query, steps
from stockstream.errors import SchemaMissingError, SchemaTooNewError

LOCK = 0x5EED_7A9E


def migrate(connection: Connection, address: Address) -> list[int]:
    """Bring the schema to the newest version and return the numbers of the applied steps.

    Two processes that start at the same time wait for each other. A step that fails leaves everything as it
    was.

    Raises:
        SchemaTooNewError: a newer program has already migrated this database.
    """
    with own_errors(address), connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        cursor.execute(query("create_schema_versions"))
        cursor.execute(query("select_schema_version"))
        (found,) = cursor.fetchone() or (0,)
        if found > newest():
            raise SchemaTooNewError(database=address.database, found=found, known=newest())
        due = [(number, sql) for number, sql in steps() if number > found]
        for number, sql in due:
            cursor.execute(sql)
            cursor.execute("INSERT INTO schema_versions (version) VALUES (%s)", (number,))
        if due:
            cursor.execute(query("grant_rights"))
    return [number for number, _ in due]


def missing_roles(connection: Connection, address: Address) -> list[str]:
    """Create the roles of the processes and grant their rights; return the roles that cannot be created.

    Only a user who may create roles creates them, and only the owner of the tables grants rights.
    """
    with own_errors(address), connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        cursor.execute(query("grant_rights"))
        cursor.execute(query("select_roles"))
        return [role for role, is_there in cursor if not is_there]


def version(connection: Connection, address: Address) -> int:
    """Return the version of the schema.

    Raises:
        SchemaMissingError: there is none yet.
    """
    with own_errors(address), connection, connection.cursor() as cursor:
        cursor.execute(query("select_schema_version"))
        return int((cursor.fetchone() or (0,))[0])


def require(connection: Connection, address: Address) -> None:
    """Raise SchemaMissingError or SchemaTooNewError unless the schema is this program's."""
    found = version(connection, address)
    if found < newest():
        raise SchemaMissingError(database=address.database, reason=f"version {found} of {newest()}")
    if found > newest():
        raise SchemaTooNewError(database=address.database, found=found, known=newest())


def newest() -> int:
    """Return the newest version that this program knows."""
    return steps()[-1][0]

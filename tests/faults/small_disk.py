"""A small disk for a database, which a test can fill to the last byte and free again."""

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from psycopg2 import sql

from stockstream.connectors.postgres.connection import Connection
from stockstream.services.servers.system_user import give, let_through, server_user

SIZE = "64m"
CHUNK = 1024 * 1024


class SmallDisk:
    """A small mounted filesystem."""

    def __init__(self, mount: Path) -> None:
        self.mount = mount
        self._filler = mount / "filler"

    def fill(self) -> None:
        """Use up every free byte."""
        with self._filler.open("ab", buffering=0) as filler:
            for size in (CHUNK, 1):
                with suppress(_NoSpace):
                    while True:
                        _append(filler.fileno(), size)

    def free(self) -> None:
        """Free the bytes that `fill` has used."""
        self._filler.unlink()


class _NoSpace(Exception):  # noqa: N818 - it is expected, not an error
    pass


def _append(descriptor: int, size: int) -> None:
    try:
        os.write(descriptor, bytes(size))
    except OSError as exc:
        if exc.errno == errno.ENOSPC:
            raise _NoSpace from exc
        raise


@contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk]:
    """Mount a small disk below `folder` that the database server may write to; this needs root."""
    mount = folder / "small-disk"
    mount.mkdir()
    _run("mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(mount))
    try:
        let_through(mount, server_user())
        give(mount, server_user())
        yield SmallDisk(mount)
    finally:
        _run("umount", "--lazy", str(mount))


def _run(program: str, *arguments: str) -> None:
    path = shutil.which(program)
    assert path, f"{program} is not installed"
    subprocess.run([path, *arguments], check=True)


@contextmanager
def moved_to(disk: SmallDisk, server: Connection, database: str) -> Iterator[None]:
    """Move a database's tables to the disk, and move them back at the end.

    Args:
        server: a connection to another database of the server.
    """
    place = disk.mount / "tables"
    place.mkdir()
    give(place, server_user())
    name, space = sql.Identifier(database), sql.Identifier(f"small_{database}")
    server.autocommit = True
    with server.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE TABLESPACE {} LOCATION {}").format(space, sql.Literal(str(place))))
        cursor.execute(sql.SQL("ALTER DATABASE {} SET TABLESPACE {}").format(name, space))
        try:
            yield
        finally:
            cursor.execute(sql.SQL("ALTER DATABASE {} SET TABLESPACE pg_default").format(name))
            cursor.execute(sql.SQL("DROP TABLESPACE {}").format(space))

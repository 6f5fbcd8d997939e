"""The system starts, runs and stops in folders of any name, and makes nothing outside of them."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from stockstream.connectors.postgres.connection import address_of, connect
from tests.fresh import ODD_NAME, open_folder
from tests.project_copy import ProjectCopy
from tests.waiting import until


@pytest.fixture
def copy() -> Iterator[ProjectCopy]:
    with open_folder() as folder:
        made = ProjectCopy(folder / "home of ü #2" / "project", data=folder / "data" / ODD_NAME)
        yield made
        made.stop()
        assert not made.left()


def outside(copy: ProjectCopy) -> set[Path]:
    """What lies where a program that misread a path would have made something."""
    data = copy.settings.data_dir
    near = {path for path in data.parent.parent.rglob("*") if not path.is_relative_to(data)}
    elsewhere = {Path(tempfile.gettempdir()), Path("/"), Path.home()}
    found = {path for path in near if "__pycache__" not in path.parts}
    return found | {path for folder in elsewhere for path in folder.iterdir() if _is_ours(path)}


def _is_ours(path: Path) -> bool:
    names = ("stockstream-tests-", "pytest-")
    return path.lstat().st_uid == os.getuid() and not path.name.startswith(names)


def stored(copy: ProjectCopy) -> int:
    with closing(connect(address_of(copy.settings), "test")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM trades")
        return int((cursor.fetchone() or (0,))[0])


def test_it_runs_in_a_folder_of_any_name(copy: ProjectCopy) -> None:
    copy.settings.data_dir.parent.mkdir()
    before = outside(copy)
    started = copy.start()
    assert started.returncode == 0, started.stdout + started.stderr
    until(lambda: stored(copy) > 0, 30)
    assert {each.state for each in copy.processes().values()} == {"running"}
    assert all(each.log.is_file() for each in copy.processes().values())
    assert copy.stop("--wipe").returncode == 0
    made = outside(copy) - before
    assert not made
    assert not copy.settings.data_dir.exists() or not list(copy.settings.data_dir.iterdir())

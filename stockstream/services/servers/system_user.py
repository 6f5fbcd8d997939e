"""The system user that runs PostgreSQL, whose server refuses to run as root."""

import os
import pwd
import stat
import subprocess
from pathlib import Path
from typing import TypedDict

from stockstream.errors import ServiceError


class Identity(TypedDict, total=False):
    """The user of a new process."""

    user: str
    group: int
    extra_groups: list[int]


CANDIDATES = ("postgres", "stockstream")


def server_user() -> str | None:
    """Return the system user that runs the server, created if needed; None if this user is not root.

    Raises:
        ServiceError: there is no such user and it cannot be created.
    """
    if os.geteuid() != 0:
        return None
    for name in CANDIDATES:
        if _exists(name):
            return name
    return _made(CANDIDATES[-1])


def give(folder: Path, user: str | None) -> None:
    """Make the user the owner of the folder."""
    if user:
        entry = pwd.getpwnam(user)
        os.chown(folder, entry.pw_uid, entry.pw_gid)


def run_as(user: str | None) -> Identity:
    """Return the arguments of `subprocess` that run a process as `user`; none for None."""
    if user is None:
        return {}
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def let_through(path: Path, user: str | None) -> list[Path]:
    """Let the user traverse every folder above `path`, and return the folders that were changed.

    It grants the right to traverse (o+x), never the right to read.
    """
    if not user:
        return []
    closed = [folder for folder in path.resolve().parents if not _may_traverse(folder, user)]
    for folder in closed:
        folder.chmod(folder.stat().st_mode | stat.S_IXOTH)
    return closed


def _may_traverse(folder: Path, user: str) -> bool:
    entry, facts = pwd.getpwnam(user), folder.stat()
    if facts.st_uid == entry.pw_uid:
        return bool(facts.st_mode & stat.S_IXUSR)
    if facts.st_gid in os.getgrouplist(user, entry.pw_gid):
        return bool(facts.st_mode & stat.S_IXGRP)
    return bool(facts.st_mode & stat.S_IXOTH)


def _exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _made(name: str) -> str:
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", name]
    try:
        subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as exc:
        reason = getattr(exc, "stderr", None) or str(exc)
        raise ServiceError(
            what=f"PostgreSQL does not run as root, and a system user {name} cannot be made "
            f"({reason.strip()}); make one, or start as an ordinary user"
        ) from exc
    return name

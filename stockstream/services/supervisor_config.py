"""The supervisor's configuration as text."""

import os
import shlex
from collections.abc import Iterable

from stockstream.services.program import Program
from stockstream.services.run_folder import PART, RunFolder

# The supervisor waits a second longer before each new try. It must never give up: a process
# that fails for hours runs again soon after what it lacks is back.
TRIES = 1_000_000_000

ROTATION = {"maxbytes": "10MB", "backups": "3"}


def rendered(folder: RunFolder, programs: Iterable[Program]) -> str:
    """Return the configuration that runs `programs` with their logs in `folder`."""
    sections = [
        _section("unix_http_server", {"file": folder.socket, "chmod": "0700"}),
        _section("rpcinterface:supervisor", {FACTORY: "supervisor.rpcinterface:make_main_rpcinterface"}),
        _section("supervisord", _daemon(folder)),
        *(_section(f"program:{program.name}", _program(folder, program)) for program in programs),
    ]
    return "\n".join(sections)


FACTORY = "supervisor.rpcinterface_factory"


def _daemon(folder: RunFolder) -> dict[str, object]:
    facts: dict[str, object] = {
        "nodaemon": "true",
        "silent": "true",
        "logfile": folder.logs / "supervisord.log",
        "logfile_maxbytes": ROTATION["maxbytes"],
        "logfile_backups": ROTATION["backups"],
        "childlogdir": folder.logs,
        "pidfile": folder.pid_file,
        "directory": folder.path,
        "umask": "022",
    }
    # Said out loud, or the supervisor warns that nobody did.
    return facts | ({"user": "root"} if os.getuid() == 0 else {})


def _program(folder: RunFolder, program: Program) -> dict[str, object]:
    environment = {PART: program.part} | dict(program.environment)
    facts: dict[str, object] = {
        "command": shlex.join(program.command),
        "directory": program.folder,
        "environment": ",".join(f'{key}="{value}"' for key, value in environment.items()),
        "autostart": "false",
        "autorestart": "true",
        "startsecs": 1,
        "startretries": TRIES,
        "stopsignal": program.stop_signal.name.removeprefix("SIG"),
        "stopwaitsecs": program.patience,
        # PostgreSQL's own processes take their orders from their parent alone.
        "stopasgroup": str(program.part != "server").lower(),
        "killasgroup": "true",
        "redirect_stderr": "true",
        "stdout_logfile": folder.logs / f"{program.name}.log",
        "stdout_logfile_maxbytes": ROTATION["maxbytes"],
        "stdout_logfile_backups": ROTATION["backups"],
    }
    return facts | ({"user": program.user} if program.user else {})


def _section(name: str, facts: dict[str, object]) -> str:
    # A percent sign begins an expansion there.
    lines = (f"{key}={value}".replace("%", "%%") for key, value in facts.items())
    return "\n".join((f"[{name}]", *lines, ""))

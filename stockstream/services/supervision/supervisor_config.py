"""The supervisor's configuration as text.

Its paths are relative to DATA_DIR, where the supervisor runs: its parser takes a space followed by a number
sign as the start of a comment, and expands percent signs, once or twice.
"""

import os
import re
from collections.abc import Iterable

from stockstream.services.servers.program import Program
from stockstream.services.supervision.run_folder import PART, SOCKET, RunFolder

# The supervisor waits a second longer before each new try. It must never give up: a process
# that fails for hours runs again soon after what it lacks is back.
TRIES = 1_000_000_000

# In the supervisor's environment: the folder of the project.
HOME = "STOCKSTREAM_PROJECT"
ROTATION = {"maxbytes": "10MB", "backups": "3"}


def rendered(folder: RunFolder, programs: Iterable[Program]) -> str:
    """Return the configuration that runs `programs` with their logs in `folder`."""
    sections = [
        _section("unix_http_server", {"file": _socket(folder), "chmod": "0700"}),
        _section("rpcinterface:supervisor", {FACTORY: "supervisor.rpcinterface:make_main_rpcinterface"}),
        _section("supervisord", _daemon(folder)),
        *(_section(f"program:{program.name}", _program(folder, program)) for program in programs),
    ]
    return "\n".join(sections)


FACTORY = "supervisor.rpcinterface_factory"


def _socket(folder: RunFolder) -> str:
    # The supervisor has the folder open under this descriptor.
    return f"/proc/self/fd/3/{SOCKET}" if folder.has_long_socket else SOCKET


def _daemon(folder: RunFolder) -> dict[str, object]:
    facts: dict[str, object] = {
        "nodaemon": "true",
        "silent": "true",
        "logfile": "logs/supervisord.log",
        "logfile_maxbytes": ROTATION["maxbytes"],
        "logfile_backups": ROTATION["backups"],
        "childlogdir": "logs",
        "pidfile": folder.pid_file.name,
        "umask": "022",
    }
    # Stated explicitly, because the supervisor otherwise warns that it is missing.
    return facts | ({"user": "root"} if os.getuid() == 0 else {})


def _program(folder: RunFolder, program: Program) -> dict[str, object]:
    environment = {PART: program.part} | dict(program.environment)
    facts: dict[str, object] = {
        "command": " ".join(map(_word, program.command)),
        "directory": _directory(folder, program),
        "environment": ",".join(f'{key}="{value}"' for key, value in environment.items()),
        "autostart": "false",
        "autorestart": "true",
        "startsecs": 1,
        "startretries": TRIES,
        "stopsignal": program.stop_signal.name.removeprefix("SIG"),
        "stopwaitsecs": program.timeout,
        # PostgreSQL's child processes take orders from their parent only.
        "stopasgroup": str(program.part != "server").lower(),
        "killasgroup": "true",
        "redirect_stderr": "true",
        "stdout_logfile": f"logs/{program.name}.log",
        "stdout_logfile_maxbytes": ROTATION["maxbytes"],
        "stdout_logfile_backups": ROTATION["backups"],
    }
    return facts | ({"user": program.user} if program.user else {})


def _word(text: str) -> str:
    """Return a word of a command, escaped so that no character begins a comment."""
    return re.sub(r"([^\w@%+=:,./-])", r"\\\1", text).replace("%", "%%")


def _directory(folder: RunFolder, program: Program) -> str:
    """Return where a program runs, without paths that may contain any character.

    These are the paths of DATA_DIR and of the project.
    """
    if program.folder.is_relative_to(folder.path):
        return str(program.folder.relative_to(folder.path))
    return f"%(ENV_{HOME})s"


def _section(name: str, facts: dict[str, object]) -> str:
    lines = (f"{key}={value}" for key, value in facts.items())
    return "\n".join((f"[{name}]", *lines, ""))

"""A real Docker Compose for machines without one: found, or built from its Go module.

`compose config` needs no engine, so the compose file is checked by the program that will run it.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from stockstream.settings import PROJECT

Composed = dict[str, Any]

MODULE = "github.com/docker/compose/v5"
# The newest that builds with Go 1.26.8; a cold build takes about a minute on two cores.
VERSION = "v5.6.0"
MISSING = (
    "no Docker Compose 2 or newer: install Docker's compose plugin, or Go 1.26.8 or newer "
    "(which builds one from its module)"
)


def compose_command() -> list[str]:
    """Return the command of a Docker Compose that works here, building one if need be.

    Raises:
        RuntimeError: there is none and no Go to build it; says what to install.
    """
    for command in (["docker", "compose"], ["docker-compose"], [str(_cached())]):
        if _is_modern(command):
            return command
    return [str(_build())]


def config(compose: list[str], *files: str, profile: str | None = None, **environment: str) -> Composed:
    """Return what Compose makes of files, by default the project's, with its .env and nothing else set."""
    kept = {key: value for key, value in os.environ.items() if key in {"PATH", "HOME", "SYSTEMROOT"}}
    chosen = [part for file in files for part in ("-f", file)]
    ran = subprocess.run(
        [*compose, *chosen, *(["--profile", profile] if profile else []), "config", "--format", "json"],
        cwd=PROJECT,
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert not ran.stderr, "Compose warns of nothing"
    result: Composed = json.loads(ran.stdout)
    return result


def published(service: Composed) -> list[tuple[str, str, int]]:
    """Return the ports that a service has on the host: address, port there, port inside."""
    return [(each["host_ip"], each["published"], each["target"]) for each in service.get("ports", [])]


def _is_modern(command: list[str]) -> bool:
    if not shutil.which(command[0]):
        return False
    asked = subprocess.run([*command, "version", "--short"], capture_output=True, text=True, check=False)
    major = asked.stdout.strip().removeprefix("v").split(".")[0]
    return asked.returncode == 0 and major.isdigit() and int(major) >= 2


def _cached() -> Path:
    suffix = ".exe" if sys.platform == "win32" else ""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "stockstream" / f"docker-compose-{VERSION}{suffix}"


def _build() -> Path:
    """Build inside the module itself: its own go.mod and go.sum then pin every dependency."""
    target = _cached()
    target.parent.mkdir(parents=True, exist_ok=True)
    flags = f"-s -w -X {MODULE}/internal.Version={VERSION}"
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        built = Path(folder) / target.name
        _go("build", "-trimpath", "-ldflags", flags, "-o", str(built), "./cmd", folder=_module_folder())
        # In one step: another run that builds at the same time sees a whole program or none.
        built.replace(target)
    return target


def _module_folder() -> Path:
    return Path(json.loads(_go("mod", "download", "-json", f"{MODULE}@{VERSION}"))["Dir"])


def _go(*arguments: str, folder: Path | None = None) -> str:
    go = shutil.which("go")
    if not go:
        raise RuntimeError(MISSING)
    ran = subprocess.run([go, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if ran.returncode:
        message = f"go {arguments[0]} failed: {ran.stderr.strip() or ran.stdout.strip()}; {MISSING}"
        raise RuntimeError(message)
    return ran.stdout

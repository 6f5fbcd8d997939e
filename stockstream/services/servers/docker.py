"""The servers in Docker, started and stopped with the compose file."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from stockstream.errors import ServiceError
from stockstream.settings import PROJECT, Settings

DOCKER = shutil.which("docker") or "docker"
LOOK = 15
UP = 600


def works() -> bool:
    """Return whether Docker and its compose plugin answer."""
    try:
        return all(
            subprocess.run([DOCKER, *words], capture_output=True, check=False, timeout=LOOK).returncode == 0
            for words in (["info"], ["compose", "version"])
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


def running(settings: Settings) -> set[str]:
    """Return the services of the compose file that run."""
    return set(_compose(settings, "ps", "--services", "--status", "running").split())


def up(settings: Settings, services: list[str]) -> None:
    """Start services and wait until they are healthy.

    Raises:
        ServiceError: they do not come up.
    """
    _compose(settings, "up", "-d", "--wait", *services)


def stop(settings: Settings, services: tuple[str, ...]) -> None:
    """Stop services; their data is kept."""
    _compose(settings, "stop", *services)


def wipe(settings: Settings) -> None:
    """Remove everything the compose file created, including data."""
    _compose(settings, "down", "-v")


def _compose(settings: Settings, *words: str) -> str:
    try:
        done = subprocess.run(
            [DOCKER, "compose", *_files(settings, words), *words],
            cwd=PROJECT,
            env=os.environ | _environment(settings),
            capture_output=True,
            text=True,
            check=False,
            timeout=UP,
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise ServiceError(what=f"docker compose {words[0]} fails ({exc})") from exc
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ServiceError(what=f"docker compose {words[0]} fails ({reason.strip()})")
    return done.stdout


def _files(settings: Settings, words: Sequence[str]) -> list[str]:
    # What was started with the second file is also stopped with it, even if the setting has changed since.
    if settings.kafka_metadata == "kraft" and "zookeeper" not in words:
        return []
    return ["-f", "docker-compose.yml", "-f", "docker-compose.zookeeper.yml"]


def _environment(settings: Settings) -> dict[str, str]:
    """Return the compose file's variables: the current settings, and this copy's project name."""
    return {
        "COMPOSE_PROJECT_NAME": os.environ.get("COMPOSE_PROJECT_NAME") or _project(settings.data_dir),
        "KAFKA_PORT": settings.kafka_bootstrap_servers.partition(",")[0].rpartition(":")[2],
        "KAFKA_PARTITIONS": str(settings.kafka_partitions),
        "ZOOKEEPER_PORT": str(settings.zookeeper_port),
        "POSTGRES_PORT": str(settings.postgres_port),
        "POSTGRES_DB": settings.postgres_db,
        "POSTGRES_USER": settings.postgres_user,
        "POSTGRES_PASSWORD": settings.postgres_password.get_secret_value(),
    }


def _project(data_dir: Path) -> str:
    # Two copies in folders of the same name must not share containers.
    return f"stockstream-{hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:8]}"

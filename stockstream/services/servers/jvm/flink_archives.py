"""Apache Flink's archives, 310 MB, downloaded when first needed and shared by all copies.

Flink itself comes from pip (its package of Java archives, without PyFlink), the connectors from Maven Central
by jgo. Each is verified against the SHA-256 in the lock file beside this module.
"""

import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from stockstream.errors import ServiceError
from stockstream.services.servers.jvm import jars

HERE = Path(str(files(__package__)))
LOCK = HERE / "flink.lock.toml"
REQUIREMENTS = HERE / "flink.requirements.txt"
VERSION = "2.2.1"
# Not used by a SQL job.
SPARE = ("flink-scala", "log4j-layout")


def classpath(spare: Path) -> list[Path]:
    """Return Flink's archives on disk, downloading those that are missing.

    Args:
        spare: the folder to keep them in if the user's cache is not writable.

    Raises:
        ServiceError: they cannot be downloaded.
    """
    libraries = _libraries(spare)
    return [*sorted(libraries.glob("*.jar")), *jars.classpath(LOCK, spare)]


def _libraries(spare: Path) -> Path:
    """Return the folder of Flink's own archives; it gets its name only once it is complete."""
    name = f"flink-{VERSION}"
    for cache in (_cache(), spare):
        if (cache / name).is_dir():
            return cache / name
    cache = _writable(_cache(), spare)
    try:
        with TemporaryDirectory(dir=cache, prefix=".flink-") as staging:
            _install(Path(staging))
            whole = Path(staging) / "pyflink" / "lib"
            for jar in whole.iterdir():
                if jar.name.startswith(SPARE):
                    jar.unlink()
            whole.rename(cache / name)
    except FileExistsError:
        pass  # Another run was faster.
    except OSError as exc:
        if not (cache / name).is_dir():
            raise ServiceError(
                what=f"cannot write Flink's archives to {cache} ({exc.strerror}); make room or give it rights"
            ) from exc
    return cache / name


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - never raises
    return Path(home) / "stockstream"


def _writable(*folders: Path) -> Path:
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(dir=folder, prefix=".flink-"):
                return folder
        except OSError:
            continue
    raise ServiceError(what=f"cannot write to {folders[-1]}; make room or give it rights")


def _install(folder: Path) -> None:
    """Let pip download and verify the package; its progress goes to the terminal."""
    print(f"fetching Apache Flink {VERSION} (310 MB, once)", file=sys.stderr, flush=True)  # noqa: T201
    command = [sys.executable, "-m", "pip", "install", "--progress-bar=on", "--no-deps"]
    command += ["--disable-pip-version-check", "--root-user-action=ignore", "--no-cache-dir", "--no-compile"]
    command += ["--retries=2", "--require-hashes", f"--target={folder}", f"--requirement={REQUIREMENTS}"]
    done = subprocess.run(command, stdout=sys.stderr, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["pip has failed"]
        reason = lines[0].removeprefix("ERROR: ")[:200]
        raise ServiceError(
            what=f"cannot fetch Apache Flink ({reason}); check the network and run again, it is needed once"
        )

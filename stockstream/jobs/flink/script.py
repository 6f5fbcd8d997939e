"""The SQL statements of a Flink job with the settings filled in."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from string import Template
from urllib.parse import quote

from stockstream.connectors.kafka.client import Cluster, cluster_of
from stockstream.connectors.postgres.connection import address_of
from stockstream.settings import PROJECT, Settings

SOURCE = PROJECT / "flink_source.sql"
# How servers are reached, and how often state is saved: other values do not make another job.
OF_THE_WAY = ("POSTGRES_PASSWORD", "JDBC_TLS", "CHECKPOINT_INTERVAL")
# The connector's archive contains Kafka's client under a relocated package name.
SECURITY = "org.apache.flink.kafka.shaded.org.apache.kafka.common.security"


@dataclass(frozen=True)
class Job:
    """One of the project's Flink jobs, and its names elsewhere.

    Attributes:
        name: its name on a cluster.
        statements: its SQL files, in order.
        session: its session name in PostgreSQL, by which triggers recognise the engine.
        folder: its folder in DATA_DIR, for a local Flink.
    """

    name: str
    statements: tuple[Path, ...]
    session: str
    folder: str


CANDLES = Job("stockstream candles", (SOURCE, PROJECT / "flink_job.sql"), "stockstream flink", "candles")
PATTERNS = Job(
    "stockstream patterns", (SOURCE, PROJECT / "flink_patterns.sql"), "stockstream patterns", "patterns"
)


@dataclass(frozen=True)
class Options:
    """Which job runs, and how many seconds lie between its checkpoints."""

    job: Job = CANDLES
    parallelism: int = 1
    checkpoint_interval: float = 10.0


def script(settings: Settings, options: Options) -> str:
    """Return the statements, ready to run."""
    return _filled(options.job, _values(settings, options), _security(cluster_of(settings)))


def restoring(state: Path | str | None) -> str:
    """Return the statement that restores a job from a savepoint or checkpoint, if there is one."""
    return f"SET 'execution.state-recovery.path' = {_text(str(state))};\n" if state else ""


def identity(settings: Settings, options: Options) -> str:
    """Return a name for this job's state, which another job cannot be restored from."""
    values = _values(settings, options) | dict.fromkeys(OF_THE_WAY, "")
    return hashlib.sha256(_filled(options.job, values).encode()).hexdigest()[:16]


def _filled(job: Job, values: dict[str, object], security: str = "") -> str:
    quoted = {key: str(value).replace("'", "''") for key, value in values.items()}
    text = "".join(file.read_text("utf-8") for file in job.statements)
    return Template(text).substitute(quoted, KAFKA_SECURITY=security)


def _security(cluster: Cluster) -> str:
    """Return the options of the topic's table that secure its connection, if any are needed."""
    found = {}
    if cluster.protocol != "PLAINTEXT":
        found["security.protocol"] = cluster.protocol
    if cluster.protocol.startswith("SASL"):
        found["sasl.mechanism"] = cluster.mechanism
        found["sasl.jaas.config"] = _login(cluster)
    if cluster.is_encrypted and cluster.authority:
        # Pass the certificates themselves, because a cluster need not have the file.
        found["ssl.truststore.type"] = "PEM"
        found["ssl.truststore.certificates"] = cluster.authority.read_text("utf-8")
    return "".join(f"    'properties.{key}' = {_text(value)},\n" for key, value in found.items())


def _login(cluster: Cluster) -> str:
    module = "plain.PlainLoginModule" if cluster.mechanism == "PLAIN" else "scram.ScramLoginModule"
    user, password = (
        value.replace("\\", "\\\\").replace('"', '\\"') for value in (cluster.user, cluster.password)
    )
    return f'{SECURITY}.{module} required username="{user}" password="{password}";'


def _values(settings: Settings, options: Options) -> dict[str, object]:
    return {
        "JOB_NAME": options.job.name,
        "PARALLELISM": options.parallelism,
        "CHECKPOINT_INTERVAL": f"{round(options.checkpoint_interval * 1000)} ms",
        "LATENESS": f"{settings.allowed_lateness:.3f}",
        "KAFKA_TOPIC": settings.kafka_topic,
        "KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
        "JDBC_URL": _jdbc(settings, options.job.session),
        "JDBC_TLS": _jdbc_tls(settings),
        "POSTGRES_USER": settings.postgres_user,
        "POSTGRES_PASSWORD": settings.postgres_password.get_secret_value(),
    }


def _jdbc(settings: Settings, session: str) -> str:
    host = f"[{settings.postgres_host}]" if ":" in settings.postgres_host else settings.postgres_host
    place = f"{host}:{settings.postgres_port}/{settings.postgres_db}"
    return f"jdbc:postgresql://{place}?ApplicationName={quote(session)}&reWriteBatchedInserts=true"


def _jdbc_tls(settings: Settings) -> str:
    # The driver uses libpq's names for these options.
    options = address_of(settings).tls.options()
    return "".join(f"&{name}={quote(value, safe='/')}" for name, value in options.items())


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"

"""The statements of flink_job.sql with the settings filled in."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from string import Template

from stockstream.settings import PROJECT, Settings

SCRIPT = PROJECT / "flink_job.sql"
JOB_NAME = "stockstream candles"
# Percent of the price, and trades in a row beyond the first two.
RAMP = ("1.0", 4)
REVERSAL = ("0.5", 3)


@dataclass(frozen=True)
class Options:
    """How the job runs: seconds of allowed lateness and between checkpoints, hours of memory."""

    parallelism: int = 1
    lateness: float = 5.0
    checkpoint_interval: float = 10.0
    memory: float = 2.0


def script(settings: Settings, options: Options) -> str:
    """Return the statements, ready to run."""
    return _filled(_values(settings, options))


def restoring(state: Path | str | None) -> str:
    """Return the statement that makes a job go on from a savepoint or checkpoint, if there is one."""
    return f"SET 'execution.state-recovery.path' = {_text(str(state))};\n" if state else ""


def identity(settings: Settings, options: Options) -> str:
    """Return a name for the state of this very job: another job cannot go on from it."""
    values = _values(settings, options) | {"POSTGRES_PASSWORD": "", "CHECKPOINT_INTERVAL": ""}
    return hashlib.sha256(_filled(values).encode()).hexdigest()[:16]


def _filled(values: dict[str, object]) -> str:
    quoted = {key: str(value).replace("'", "''") for key, value in values.items()}
    return Template(SCRIPT.read_text("utf-8")).substitute(quoted)


def _values(settings: Settings, options: Options) -> dict[str, object]:
    return {
        "JOB_NAME": JOB_NAME,
        "PARALLELISM": options.parallelism,
        "CHECKPOINT_INTERVAL": f"{round(options.checkpoint_interval * 1000)} ms",
        "MEMORY": f"{round(options.memory * 3600)} s",
        "LATENESS": f"{options.lateness:.3f}",
        "LATENESS_MICROS": round(options.lateness * 1_000_000),
        "RAMP_PERCENT": RAMP[0],
        "RAMP_TRADES": RAMP[1],
        "REVERSAL_PERCENT": REVERSAL[0],
        "REVERSAL_TRADES": REVERSAL[1],
        "KAFKA_TOPIC": settings.kafka_topic,
        "KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
        "JDBC_URL": _jdbc(settings),
        "POSTGRES_USER": settings.postgres_user,
        "POSTGRES_PASSWORD": settings.postgres_password.get_secret_value(),
    }


def _jdbc(settings: Settings) -> str:
    host = f"[{settings.postgres_host}]" if ":" in settings.postgres_host else settings.postgres_host
    place = f"{host}:{settings.postgres_port}/{settings.postgres_db}"
    return f"jdbc:postgresql://{place}?ApplicationName=stockstream%20flink&reWriteBatchedInserts=true"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"

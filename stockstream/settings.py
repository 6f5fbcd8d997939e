"""One frozen Settings, read from the environment and .env once, by the scripts alone."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from stockstream.errors import SettingsError

PROJECT = Path(__file__).resolve().parent.parent

Port = Annotated[int, Field(ge=1, le=65535)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Servers = Annotated[str, StringConstraints(pattern=r"^[^\s,:]+:\d{1,5}(,[^\s,:]+:\d{1,5})*$")]
TopicName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,249}$")]
DataDir = Annotated[Path, AfterValidator(lambda path: PROJECT / path.expanduser())]


class Settings(BaseSettings):
    """Where the servers are and how the parts behave; the names are the keys in lower case."""

    model_config = SettingsConfigDict(
        env_file=PROJECT / ".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    kafka_bootstrap_servers: Servers = "localhost:9092"
    kafka_topic: TopicName = "stock-trades"
    kafka_partitions: Annotated[int, Field(ge=1, le=10_000)] = 4
    postgres_host: Text = "localhost"
    postgres_port: Port = 5432
    postgres_db: Text = "stock_market_db"
    postgres_user: Text = "kafka_user"
    postgres_password: SecretStr = SecretStr("kafka_password")
    producer_interval: Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)] = 0.5
    streamlit_refresh_interval: Annotated[int, Field(ge=1, le=10)] = 2
    dashboard_port: Port = 8501
    flink_port: Port = 8081
    services: Literal["auto", "external", "docker", "embedded"] = "auto"
    data_dir: DataDir = PROJECT / ".run"
    models_dir: DataDir = PROJECT / "models"


ALLOWED = {
    "kafka_bootstrap_servers": "host:port, several separated by commas",
    "kafka_topic": "1 to 249 of letters, digits, '.', '_' and '-'",
}


def load() -> Settings:
    """Read the settings.

    Raises:
        SettingsError: a value cannot be meant; names the key, the value and what is allowed.
    """
    try:
        return Settings()
    except ValidationError as exc:
        fault = exc.errors()[0]
        key = str(fault["loc"][0])
        shown = "***" if "password" in key else fault["input"]
        allowed = ALLOWED.get(key, fault["msg"].removeprefix("Input ").lower())
        raise SettingsError(key=key.upper(), value=shown, allowed=allowed) from exc

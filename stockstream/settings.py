"""The settings: one frozen object, which only the scripts read, once, from the environment and .env."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from stockstream.errors import SettingsError
from stockstream.market.sessions.calendars import RULES

PROJECT = Path(__file__).resolve().parent.parent

LOOPBACK = ("localhost", "127.0.0.1", "::1")

Port = Annotated[int, Field(ge=1, le=65535)]
# Four processes use consecutive ports from this one on.
BasePort = Annotated[int, Field(ge=0, le=65532)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Servers = Annotated[str, StringConstraints(pattern=r"^[^\s,:]+:\d{1,5}(,[^\s,:]+:\d{1,5})*$")]
TopicName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,249}$")]
LogFormat = Literal["plain", "json"]
CalendarRules = Annotated[str, StringConstraints(pattern=RULES)]
DataDir = Annotated[Path, AfterValidator(lambda path: PROJECT / path.expanduser())]
Emails = Annotated[str, StringConstraints(pattern=r"^(\s*[^@\s,]*@[^@\s,]+\s*(,|$))*$")]


def _there(path: Path) -> Path:
    if not (found := PROJECT / path.expanduser()).is_file():
        message = "names no file that is there"
        raise ValueError(message)
    return found


File = Annotated[Path, AfterValidator(_there)]


class Settings(BaseSettings):
    """Where the servers are and how the parts behave; a field's name is its key in lower case."""

    model_config = SettingsConfigDict(
        env_file=PROJECT / ".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    kafka_bootstrap_servers: Servers = "localhost:9092"
    kafka_topic: TopicName = "stock-trades"
    kafka_partitions: Annotated[int, Field(ge=1, le=10_000)] = 4
    kafka_metadata: Literal["kraft", "zookeeper"] = "kraft"
    zookeeper_port: Port = 2181
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_sasl_username: str = ""
    kafka_sasl_password: Annotated[SecretStr, Field(validate_default=True)] = SecretStr("")
    kafka_ssl_ca: File | None = None
    postgres_host: Text = "localhost"
    postgres_port: Port = 5432
    postgres_db: Text = "stock_market_db"
    postgres_user: Text = "kafka_user"
    postgres_password: SecretStr = SecretStr("kafka_password")
    postgres_sslmode: Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] = "prefer"
    postgres_sslrootcert: Annotated[File | None, Field(validate_default=True)] = None
    postgres_sslcert: File | None = None
    postgres_sslkey: File | None = None
    producer_interval: Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)] = 0.5
    allowed_lateness: Annotated[float, Field(ge=0, le=3_600, allow_inf_nan=False)] = 2.0
    calendars: CalendarRules = "XNYS"
    streamlit_refresh_interval: Annotated[int, Field(ge=1, le=10)] = 2
    dashboard_port: Port = 8501
    dashboard_address: Text = "127.0.0.1"
    dashboard_allowed_emails: Emails = ""
    dashboard_open: bool = False
    flink_port: Port = 8081
    services: Literal["auto", "external", "docker", "embedded"] = "auto"
    data_dir: DataDir = PROJECT / ".run"
    models_dir: DataDir = PROJECT / "models"
    log_format: LogFormat = "plain"
    metrics_host: Text = "127.0.0.1"
    metrics_port: BasePort = 9480
    apca_api_key_id: SecretStr = SecretStr("")
    apca_api_secret_key: SecretStr = SecretStr("")
    alpaca_feed: Literal["iex", "sip"] = "iex"
    finnhub_token: SecretStr = SecretStr("")
    massive_api_key: SecretStr = SecretStr("")

    @field_validator("kafka_sasl_password")
    @classmethod
    def _login_is_whole(cls, password: SecretStr, info: ValidationInfo) -> SecretStr:
        protocol = info.data.get("kafka_security_protocol", "")
        if protocol.startswith("SASL") and not (info.data.get("kafka_sasl_username") and password):
            message = f"KAFKA_SECURITY_PROTOCOL={protocol} wants KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD"
            raise ValueError(message)
        return password

    @field_validator("postgres_sslrootcert")
    @classmethod
    def _can_verify(cls, file: Path | None, info: ValidationInfo) -> Path | None:
        mode = info.data.get("postgres_sslmode", "")
        if mode.startswith("verify") and file is None:
            message = f"POSTGRES_SSLMODE={mode} wants the file of the authority that it trusts"
            raise ValueError(message)
        return file

    @property
    def dashboard_host(self) -> str:
        """The host at which the dashboard answers requests from this machine."""
        return "127.0.0.1" if self.dashboard_address in ("0.0.0.0", "::") else self.dashboard_address  # noqa: S104 - connected to, not bound

    def environment(self) -> dict[str, str]:
        """Return the environment variables that give a script these settings."""
        return {key.upper(): _plain(value) for key, value in self}


def is_loopback(host: str) -> bool:
    """Return whether a host name means this machine only."""
    return host in LOOPBACK or host.startswith("127.")


def _is_secret(key: str) -> bool:
    field = Settings.model_fields.get(key)
    return field is not None and field.annotation is SecretStr


def _plain(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return "" if value is None else str(value)


ALLOWED = {
    "kafka_bootstrap_servers": "host:port, several separated by commas",
    "dashboard_allowed_emails": "addresses such as ann@example.com, or @example.com for all of a domain",
    "calendars": "names of calendars, or SYMBOL:NAME and SOURCE:NAME, such as XNYS,ES=F:CMES,BTC-USD:24/7",
    "kafka_topic": "1 to 249 of letters, digits, '.', '_' and '-'",
}


def load() -> Settings:
    """Read the settings.

    Raises:
        SettingsError: a value is invalid; it names the key, the value and what is allowed.
    """
    try:
        return Settings()
    except ValidationError as exc:
        fault = exc.errors()[0]
        key = str(fault["loc"][0])
        shown = "***" if _is_secret(key) else "" if fault["input"] is None else fault["input"]
        own = fault["msg"].removeprefix("Value error, ")
        reason = own if own != fault["msg"] else own.removeprefix("Input ").lower()
        allowed = ALLOWED.get(key, reason)
        raise SettingsError(key=key.upper(), value=shown, allowed=allowed) from exc

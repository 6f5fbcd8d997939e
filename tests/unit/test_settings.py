"""Settings: the environment first, then .env, and one line for a value that cannot be meant."""

import pytest

from stockstream import settings
from stockstream.errors import SettingsError


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_TOPIC", "other-trades")
    assert settings.load().kafka_topic == "other-trades"


def test_an_empty_value_means_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTGRES_PORT", "")
    assert settings.load().postgres_port == settings.Settings.model_fields["postgres_port"].default


def test_a_relative_data_dir_lies_in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", "elsewhere")
    assert settings.load().data_dir == settings.PROJECT / "elsewhere"


def test_settings_do_not_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_TOPIC", "stock-trades")
    with pytest.raises(Exception, match="frozen"):
        settings.load().kafka_topic = "other"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("KAFKA_BOOTSTRAP_SERVERS", "nowhere"),
        ("KAFKA_TOPIC", "stock trades"),
        ("KAFKA_PARTITIONS", "0"),
        ("POSTGRES_PORT", "70000"),
        ("POSTGRES_PORT", "x"),
        ("PRODUCER_INTERVAL", "-1"),
        ("PRODUCER_INTERVAL", "nan"),
        ("STREAMLIT_REFRESH_INTERVAL", "11"),
        ("ALLOWED_LATENESS", "-1"),
        ("ALLOWED_LATENESS", "nan"),
        ("DASHBOARD_PORT", "0"),
        ("SERVICES", "magic"),
        ("KAFKA_SECURITY_PROTOCOL", "TLS"),
        ("KAFKA_SSL_CA", "nowhere.pem"),
        ("POSTGRES_SSLMODE", "yes"),
        ("LOG_FORMAT", "xml"),
        ("METRICS_PORT", "65533"),
        ("METRICS_PORT", "-1"),
        ("DASHBOARD_ALLOWED_EMAILS", "ann"),
        ("CALENDARS", "AAPL:"),
        ("CALENDARS", "XNYS XLON"),
    ],
)
def test_a_value_that_cannot_be_meant_is_named(monkeypatch: pytest.MonkeyPatch, key: str, value: str) -> None:
    monkeypatch.setenv(key, value)
    with pytest.raises(SettingsError) as refusal:
        settings.load()
    assert str(refusal.value).startswith(f"{key}={value}: ")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("key", "value", "wants"),
    [
        ("KAFKA_SECURITY_PROTOCOL", "SASL_SSL", "wants KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD"),
        ("POSTGRES_SSLMODE", "verify-full", "POSTGRES_SSLROOTCERT="),
    ],
)
def test_what_a_value_wants_besides_is_named(
    monkeypatch: pytest.MonkeyPatch, key: str, value: str, wants: str
) -> None:
    monkeypatch.setenv(key, value)
    with pytest.raises(SettingsError) as refusal:
        settings.load()
    assert f"{key}={value}" in str(refusal.value)
    assert wants in str(refusal.value)


def test_a_password_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTGRES_PASSWORD", "s3cret")
    assert "s3cret" not in repr(settings.load())

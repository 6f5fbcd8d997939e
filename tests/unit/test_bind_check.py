"""What other machines could reach is refused while everyone knows its password, or it asks for none."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from stockstream.errors import SettingsError
from stockstream.services.bind_check import require_safe
from stockstream.settings import Settings

OWN = SecretStr("of our own")
EVERYWHERE = "0.0.0.0"  # noqa: S104 - nothing is bound
OPEN_PAGE = Settings(dashboard_address=EVERYWHERE, postgres_password=OWN)


@pytest.fixture(autouse=True)
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "secrets.toml"
    monkeypatch.setenv("STREAMLIT_SECRETS_FILES", str(file))
    return file


def changed(settings: Settings, **values: object) -> Settings:
    return settings.model_copy(update=values)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (Settings(postgres_host="db.example.com"), "POSTGRES_HOST=db.example.com is not this machine"),
        (Settings(dashboard_address=EVERYWHERE), "DASHBOARD_ADDRESS=0.0.0.0 is not this machine"),
        (
            changed(OPEN_PAGE, postgres_password=Settings().postgres_password, dashboard_open=True),
            "the default",
        ),
        (OPEN_PAGE, "no [auth] to ask who they are"),
    ],
)
def test_what_others_could_reach_is_refused_in_one_line(settings: Settings, said: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        require_safe(settings)
    assert said in str(refusal.value)
    assert "kafka_password" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_login_without_a_list_lets_nobody_in(secrets: Path) -> None:
    secrets.write_text("[auth]\nclient_id = 'x'\n", "utf-8")
    with pytest.raises(SettingsError, match="DASHBOARD_ALLOWED_EMAILS"):
        require_safe(OPEN_PAGE)
    require_safe(changed(OPEN_PAGE, dashboard_allowed_emails="@example.com"))


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings(postgres_host="db.example.com", postgres_password=OWN),
        changed(OPEN_PAGE, dashboard_open=True),
    ],
)
def test_what_is_safe_passes(settings: Settings) -> None:
    require_safe(settings)

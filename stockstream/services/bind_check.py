"""Checks that nothing is exposed to other machines with a default password or without a login."""

import os
import tomllib
from pathlib import Path

from stockstream.errors import SettingsError
from stockstream.settings import PROJECT, Settings, is_loopback

SECRETS = Path(".streamlit") / "secrets.toml"
DEFAULT = Settings.model_fields["postgres_password"].default


def require_safe(settings: Settings) -> None:
    """Raise SettingsError if something would be open to other machines."""
    for key in ("postgres_host", "dashboard_address"):
        place = getattr(settings, key)
        if not is_loopback(place) and settings.postgres_password == DEFAULT:
            raise SettingsError(
                key="POSTGRES_PASSWORD",
                value="the default",
                allowed=f"everyone knows it, and {key.upper()}={place} is not this machine; choose another",
            )
    if not is_loopback(settings.dashboard_address) and not settings.dashboard_open:
        _require_login(settings)


def _require_login(settings: Settings) -> None:
    if not _has_login():
        raise SettingsError(
            key="DASHBOARD_ADDRESS",
            value=settings.dashboard_address,
            allowed=f"others could see the page, and {SECRETS} has no [auth] to ask who they are "
            "(docs/security.md tells how); or DASHBOARD_OPEN=true if something else asks",
        )
    if not settings.dashboard_allowed_emails:
        raise SettingsError(
            key="DASHBOARD_ALLOWED_EMAILS",
            value="",
            allowed="nobody could see the page; addresses, or @domain",
        )


def _has_login() -> bool:
    named = [Path(each) for each in os.environ.get("STREAMLIT_SECRETS_FILES", "").split(",") if each]
    for file in named or [Path.home() / SECRETS, PROJECT / SECRETS]:
        try:
            if "auth" in tomllib.loads(file.read_text("utf-8")):
                return True
        except (OSError, tomllib.TOMLDecodeError):
            # Missing or unusable for the page, which then asks for no login.
            continue
    return False

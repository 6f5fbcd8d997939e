"""Who may see the page: viewers at this machine, or those who have logged in and are on the list."""

import streamlit as st
from streamlit.runtime.secrets import secrets_singleton

from stockstream.settings import Settings, is_loopback

CLOSED = (
    "This page is shown beyond this machine and asks nobody who they are, so it shows nothing. "
    "Set up a login in .streamlit/secrets.toml and DASHBOARD_ALLOWED_EMAILS, as docs/security.md tells, "
    "or DASHBOARD_OPEN=true where something in front of it asks already."
)
NO_LIST = "Nobody is on the list of who may see this page: set DASHBOARD_ALLOWED_EMAILS."


def admit(settings: Settings) -> None:
    """Return if the viewer may see the page; otherwise say why not, and end the run."""
    if not _has_login():
        if not (settings.dashboard_open or is_loopback(st.get_option("server.address") or "")):
            _turn_away(CLOSED)
        return
    if not st.user.is_logged_in:
        st.title("Stock market, live")
        st.button("Log in", on_click=st.login, type="primary")
        st.stop()
    if not is_allowed(settings.dashboard_allowed_emails, st.user.get("email"), st.user.get("email_verified")):
        who = st.user.get("email") or "You"
        st.button("Log out", on_click=st.logout)
        _turn_away(f"{who} may not see this page." if settings.dashboard_allowed_emails else NO_LIST)


def is_allowed(allowed: str, email: object, verified: object = None) -> bool:
    """Return whether an address is on the list.

    Args:
        allowed: addresses, separated by commas; one that begins with @ stands for a whole domain.
        email: the address that the provider reports.
        verified: whether the provider has verified it; only an explicit no counts.

    >>> is_allowed("ann@example.com, @example.org", "Ann@Example.com")
    True
    >>> is_allowed("ann@example.com, @example.org", "bob@example.org", True)
    True
    >>> is_allowed("@example.org", "eve@not-example.org")
    False
    >>> is_allowed("@example.org", "bob@example.org", False)
    False
    >>> is_allowed("", ""), is_allowed("@example.org", None)
    (False, False)
    """
    if not isinstance(email, str) or "@" not in email or verified in (False, "false"):
        return False
    wanted = {each.strip().lower() for each in allowed.split(",") if each.strip()}
    address = email.strip().lower()
    return address in wanted or f"@{address.rpartition('@')[2]}" in wanted


def _has_login() -> bool:
    # With `st.secrets`, a missing file would be an error on the page.
    return secrets_singleton.load_if_toml_exists() and "auth" in secrets_singleton


def _turn_away(words: str) -> None:
    st.error(words)
    st.stop()

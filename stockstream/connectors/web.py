"""Whether a web page of this machine answers."""

import httpx

from stockstream.errors import ServiceError


def require_answer(url: str, timeout: float) -> None:
    """Request a page.

    Raises:
        ServiceError: it does not answer successfully within `timeout` seconds.
    """
    try:
        httpx.get(url, timeout=timeout, follow_redirects=True).raise_for_status()
    except httpx.HTTPError as exc:
        raise ServiceError(what=f"{url} does not answer ({reason_of(exc)})") from exc


def reason_of(exc: Exception) -> str:
    """Return in a few words why a request has failed."""
    if isinstance(exc, httpx.HTTPStatusError):
        return f"HTTP {exc.response.status_code}"
    return str(exc) or type(exc).__name__

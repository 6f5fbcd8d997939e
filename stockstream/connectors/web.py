"""Whether a web page of this machine answers."""

from urllib.error import URLError
from urllib.request import urlopen

from stockstream.errors import ServiceError


def require_answer(url: str, timeout: float) -> None:
    """Ask for a page.

    Raises:
        ServiceError: it does not answer with success within `timeout` seconds.
    """
    try:
        with urlopen(url, timeout=timeout):  # noqa: S310 - the caller's own http:// address
            pass
    except (URLError, OSError) as exc:
        reason = getattr(exc, "reason", None) or exc
        raise ServiceError(what=f"{url} does not answer ({reason})") from exc

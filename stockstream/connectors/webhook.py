"""Alerts to a web address, in addition to the table and never delaying it.

A separate thread posts them, so a slow receiver delays nothing. Every message is sent at most once and may be
lost if the receiver fails; the table `anomalies` has all findings.
"""

import logging
from collections.abc import Callable, Sequence
from queue import Full, Queue
from threading import Thread
from urllib.parse import urlsplit

import httpx
import msgspec

from stockstream.connectors.web import reason_of
from stockstream.errors import UsageError
from stockstream.market.anomalies.finding import Finding

TIMEOUT = 5.0
WAITING = 100
MINUTE = 60.0

log = logging.getLogger("detector")


class Message(msgspec.Struct, frozen=True):
    """A message to post; `held_back` counts findings that the rate limit held back since the last one."""

    findings: list[Finding]
    held_back: int


class Webhook:
    """A receiver of findings with a limited number of messages per minute."""

    def __init__(self, url: str, most: float, clock: Callable[[], float]) -> None:
        """Start the posting thread.

        Args:
            url: the address to post to.
            most: maximum number of messages per minute.
            clock: returns monotonic seconds.

        Raises:
            UsageError: the URL is not an HTTP address.
        """
        try:
            # httpx escapes what no host can be named, and takes any port; the standard library refuses both.
            parts, (host, _) = httpx.URL(url), _host_and_port(url)
        except (httpx.InvalidURL, ValueError):
            parts, host = httpx.URL(), None
        if parts.scheme not in {"http", "https"} or not host:
            raise UsageError(what=f"--webhook {url} is not an address such as http://localhost:9000/alerts")
        self._url, self._most, self._clock = parts, most, clock
        # Many receivers trust whoever knows their path, so it must not appear in a log.
        self._shown = f"{parts.scheme}://{parts.netloc.decode()}"
        self._allowed, self._at, self._held_back = max(most, 1.0), clock(), 0
        self._queue: Queue[bytes | None] = Queue(WAITING)
        self._thread = Thread(target=self._post_all, name="webhook", daemon=True)
        self._thread.start()

    def __call__(self, findings: Sequence[Finding]) -> None:
        """Send findings as one message, or count them as held back."""
        if not findings:
            return
        if not self._may_send():
            self._held_back += len(findings)
            return
        try:
            self._queue.put_nowait(msgspec.json.encode(Message(list(findings), self._held_back)))
            self._held_back = 0
        except Full:
            self._held_back += len(findings)

    def close(self) -> None:
        """Send what waits, for at most the duration of one message, and end."""
        try:
            self._queue.put_nowait(None)
        except Full:
            return
        self._thread.join(TIMEOUT)

    def _may_send(self) -> bool:
        """Use one of the messages allowed by the time since the last one, if there is any."""
        now = self._clock()
        earned = (now - self._at) * self._most / MINUTE
        self._allowed, self._at = min(self._allowed + earned, max(self._most, 1.0)), now
        if self._allowed < 1:
            return False
        self._allowed -= 1
        return True

    def _post_all(self) -> None:
        while (message := self._queue.get()) is not None:
            self._post(message)

    def _post(self, message: bytes) -> None:
        headers = {"Content-Type": "application/json"}
        try:
            httpx.post(self._url, content=message, headers=headers, timeout=TIMEOUT).raise_for_status()
        except httpx.HTTPError as exc:
            log.warning("the webhook at %s did not take an alert (%s)", self._shown, reason_of(exc))


def _host_and_port(url: str) -> tuple[str | None, int | None]:
    split = urlsplit(url)
    return split.hostname, split.port

"""The webhook against a real HTTP server: what arrives, how often, and that nothing waits for it."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from threading import Thread
from typing import Any

import pytest

from stockstream.connectors.webhook import Webhook
from stockstream.errors import UsageError
from stockstream.market.anomalies.finding import Finding

WHEN = datetime(2026, 11, 23, 10, tzinfo=UTC)
FOUND = Finding("AAPL", "volume_spike", "s", "7", WHEN, WHEN, 9.0, 4.0, ("zscore_size",), "volume …", "none")


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def received() -> "Iterator[tuple[str, Queue[Any]]]":
    """Return the address of a server and what it is sent."""
    posts: Queue[Any] = Queue()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posts.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/alerts", posts
        server.shutdown()
        thread.join()


def test_findings_arrive_as_json(received: "tuple[str, Queue[Any]]") -> None:
    url, posts = received
    with closing(Webhook(url, 10, Clock())) as webhook:
        webhook([])
        webhook([FOUND])
    message = posts.get(timeout=60)
    assert [each["trade_id"] for each in message["findings"]] == ["7"]
    assert message["held_back"] == 0
    assert posts.empty()


def test_the_rate_holds_back_and_counts(received: "tuple[str, Queue[Any]]") -> None:
    url, posts = received
    clock = Clock()
    with closing(Webhook(url, 2, clock)) as webhook:
        for _ in range(5):
            webhook([FOUND])
        clock.now = 30.0
        webhook([FOUND])
    assert [posts.get(timeout=60)["held_back"] for _ in range(3)] == [0, 0, 3]
    assert posts.empty()


def test_a_receiver_that_is_away_costs_a_line_without_its_secrets(caplog: pytest.LogCaptureFixture) -> None:
    with closing(Webhook("http://me:s3cret@127.0.0.1:1/t0ken?key=k3y", 10, Clock())) as webhook:
        webhook([FOUND])
    assert "the webhook at http://127.0.0.1:1 did not take an alert" in caplog.text
    assert not [secret for secret in ("s3cret", "t0ken", "k3y") if secret in caplog.text]


@pytest.mark.parametrize(
    "url", ["", "nowhere", "ftp://host/x", "file:///etc/passwd", "http://", "http://[bad", "http://h:99999"]
)
def test_what_is_no_address_of_the_web_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="is not an address such as"):
        Webhook(url, 10, Clock())

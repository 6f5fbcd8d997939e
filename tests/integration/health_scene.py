"""What the examination is shown: a system in one state or another, made for real."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

from stockstream.connectors.postgres.connection import Connection
from stockstream.settings import PROJECT

Environment = dict[str, str]
Checks = dict[str, dict[str, Any]]


def examine(environment: Environment) -> tuple[int, Checks]:
    """Run the script; returns its exit code and the checks by name."""
    ran = run(environment, "--json")
    said = json.loads(ran.stdout)
    assert said["healthy"] == (ran.returncode == 0)
    return ran.returncode, {check["name"]: check for check in said["checks"]}


def run(environment: Environment, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the script as a person does."""
    command = [sys.executable, "test_system.py", *arguments]
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)


def states(checks: Checks) -> dict[str, str]:
    """Return the state of each check by name."""
    return {name: check["state"] for name, check in checks.items()}


class Well(BaseHTTPRequestHandler):
    """Answers as a dashboard that is well does."""

    def do_GET(self) -> None:
        """Answer the one page that is asked for."""
        self.send_response(200 if self.path == "/_stcore/health" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        """Say nothing."""


def store(connection: Connection, count: int, at: datetime, symbol: str = "AAPL") -> None:
    """Put trades into the table, the newest at a moment."""
    rows = [
        (f"{symbol}-{number}", at - timedelta(milliseconds=number), symbol, number) for number in range(count)
    ]
    with connection, connection.cursor() as cursor:
        cursor.executemany(
            'INSERT INTO trades (trade_id, "timestamp", symbol, price, volume, trade_type, source,'
            " kafka_partition, kafka_offset) VALUES (%s, %s, %s, 1, 1, 'BUY', 'test', 0, %s)",
            rows,
        )


def place(connection: Connection, job: str, topic: str, next_offset: int, idle: float = 0) -> None:
    """Say how far a job is in partition 0, and that it moved so many seconds ago."""
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ingest_offsets (job, topic, kafka_partition, next_offset, owner_epoch, updated_at)"
            " VALUES (%s, %s, 0, %s, 1, now() - make_interval(secs => %s))",
            (job, topic, next_offset, idle),
        )


def candle(connection: Connection, start: datetime, idle: float = 0) -> None:
    """Put one candle into the table, written so many seconds ago."""
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO stock_metrics (symbol, window_start, window_end, trade_count, total_volume,"
            " total_value, buy_volume, sell_volume, is_final, updated_at)"
            " VALUES ('AAPL', %s, %s, 1, 1, 1, 1, 0, false, now() - make_interval(secs => %s))",
            (start, start + timedelta(minutes=1), idle),
        )


@contextmanager
def silent_port() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield listener.getsockname()[1]

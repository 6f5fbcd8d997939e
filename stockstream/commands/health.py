"""Say of every part of the system whether it is well, and what to do if not."""

import argparse
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from threading import Event

from rich.console import Console

from stockstream.connectors.kafka.client import cluster_of
from stockstream.connectors.kafka.groups import group_of
from stockstream.connectors.kafka.topic import group_offsets
from stockstream.connectors.postgres.connection import address_of
from stockstream.connectors.postgres.read.audit import AuditedTape
from stockstream.connectors.postgres.store.trades import JOB
from stockstream.jobs.audit import audit
from stockstream.jobs.health.check_result import Check, is_healthy
from stockstream.jobs.health.examination import Target, examine
from stockstream.jobs.health.processes import Process
from stockstream.jobs.health.report import document, lines
from stockstream.settings import Settings

console = Console(highlight=False, soft_wrap=True, emoji=False, markup=False)


def main(arguments: argparse.Namespace, settings: Settings, stop: Event) -> int:
    """Check the system once, or audit the tape; return 0 if all is well, else 1."""
    pause = partial(stop.wait, 1.0)
    checks = _audited(settings, pause) if arguments.audit else examine(_patient(settings), pause)
    if arguments.json:
        console.print(document(checks))
    else:
        for line in lines(checks):
            console.print(line)
    return 0 if is_healthy(checks) else 1


def _audited(settings: Settings, pause: Callable[[], object]) -> list[Check]:
    servers, topic, group = cluster_of(settings), settings.kafka_topic, group_of(JOB, settings)
    with (
        closing(AuditedTape(address_of(settings), topic)) as tape,
        Console(stderr=True).status("auditing") as status,
    ):
        return audit(
            tape,
            partial(group_offsets, servers, topic, group),
            pause,
            lambda what, share: status.update(f"auditing {what}, {share:.0%}"),
        )


def _patient(settings: Settings) -> Target:
    return Target(
        servers=cluster_of(settings),
        topic=settings.kafka_topic,
        address=address_of(settings),
        interval=settings.producer_interval,
        dashboard_port=settings.dashboard_port,
        dashboard_host=settings.dashboard_host,
        models=settings.models_dir,
        processes=_supervised(settings),
        flink_port=settings.flink_port,
        zookeeper_port=_zookeeper_port(settings),
    )


def _zookeeper_port(settings: Settings) -> int | None:
    # A Kafka that already runs uses whatever its owner has set up.
    is_ours = settings.kafka_metadata == "zookeeper" and settings.services != "external"
    return settings.zookeeper_port if is_ours else None


def _supervised(settings: Settings) -> list[Process]:
    if sys.platform == "win32":
        # On Windows, start.bat opens a window for each process, and nothing supervises them.
        return []
    # The supervisor's library is for Unix only.
    from stockstream.services.supervision.processes import states  # noqa: PLC0415

    now = datetime.now(UTC)
    return [
        Process(each.name, each.state, each.pid, (now - each.since).total_seconds(), each.log)
        for each in states(settings)
    ]


def parser() -> argparse.ArgumentParser:
    """Return the argument parser."""
    command_line = argparse.ArgumentParser(prog="test_system.py", description=__doc__)
    command_line.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    command_line.add_argument(
        "--audit", action="store_true", help="hold the live tape to its invariants: every trade, every candle"
    )
    return command_line

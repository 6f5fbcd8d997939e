"""The aggregator, except that it kills itself when it first reaches a labelled point of a write.

Its group is its own, so that the next aggregator need not wait for the dead member to be missed.
"""

import argparse
import os
import signal
from collections.abc import Sequence
from threading import Event
from typing import ClassVar

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the driver's class has a small name

import aggregator
from stockstream import cli
from stockstream.connectors.postgres.fence import Step
from stockstream.connectors.postgres.store.candles import CandleTable
from stockstream.market.candles.tumbling import Changes
from stockstream.settings import Settings

POINTS = ("before the fence", "before COMMIT", "after COMMIT")


class HaltingTable(CandleTable):
    """The table; who writes it does not come past the point."""

    point: ClassVar[str] = ""

    def write(self, changes: Changes) -> None:
        """Store changes, and be killed before or after anyone knows."""
        super().write(changes)
        self._reached("after COMMIT")

    def _write(self, cursor: Cursor, steps: Sequence[Step], changes: Changes) -> None:
        self._reached("before the fence")
        super()._write(cursor, steps, changes)
        self._reached("before COMMIT")

    def _reached(self, point: str) -> None:
        if point == self.point:
            os.kill(os.getpid(), signal.SIGKILL)


def main(arguments: argparse.Namespace, settings: Settings, stop: Event) -> int:
    """Aggregate until killed from within."""
    HaltingTable.point = arguments.point
    vars(aggregator).update(CandleTable=HaltingTable, group_of=lambda *_: f"short-lived-{os.getpid()}")
    plain = aggregator._parser().parse_args([])  # noqa: SLF001 - its own defaults
    return aggregator.main(plain, settings, stop)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="aggregator.py", description=__doc__)
    parser.add_argument("point", choices=POINTS, help="the label of the point")
    return parser


if __name__ == "__main__":
    cli.run(_parser(), main)

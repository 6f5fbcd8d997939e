"""The aggregator, except that it kills itself when it first reaches a labelled point of a write.

It has its own consumer group, so that the next aggregator need not wait for the dead member's timeout.
"""

import argparse
import os
from threading import Event

from stockstream import cli
from stockstream.commands import aggregator
from stockstream.settings import Settings
from tests.faults.halting import halt_at

POINTS = ("before the fence", "before COMMIT", "after COMMIT")


def main(arguments: argparse.Namespace, settings: Settings, stop: Event) -> int:
    """Aggregate until the process kills itself."""
    halt_at(arguments.point)
    vars(aggregator).update(group_of=lambda *_: f"short-lived-{os.getpid()}")
    plain = aggregator.parser().parse_args([])
    return aggregator.main(plain, settings, stop)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="aggregator.py", description=__doc__)
    parser.add_argument("point", choices=POINTS, help="the label of the point")
    return parser


if __name__ == "__main__":
    cli.run(_parser(), main)

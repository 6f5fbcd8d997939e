"""The reconciler alone, except that it kills itself when it first reaches a labelled point."""

import argparse
import time
from contextlib import closing
from threading import Event

from stockstream import cli
from stockstream.connectors.postgres.connection import address_of
from stockstream.connectors.postgres.store.reconciliation import Reconciliation
from stockstream.jobs.reconcile import Barrier, Reconciler
from stockstream.settings import Settings
from tests.faults.halting import halt_at

POINTS = ("notes collected", "minutes locked", "candles written", "before COMMIT")


def main(arguments: argparse.Namespace, settings: Settings, stop: Event) -> int:
    """Reconcile until the process kills itself."""
    halt_at(arguments.point)
    with closing(Reconciliation(address_of(settings))) as minutes:
        Reconciler(minutes, Barrier(minutes.now, dict, dict), time.monotonic).run(stop)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="aggregator.py", description=__doc__)
    parser.add_argument("point", choices=POINTS, help="the label of the point")
    return parser


if __name__ == "__main__":
    cli.run(_parser(), main)

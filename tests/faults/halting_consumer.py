"""The consumer, except that it sends itself a signal at the n-th time it reaches a labelled point."""

import argparse
import signal
from threading import Event

from stockstream import cli
from stockstream.commands import consumer
from stockstream.settings import Settings
from tests.faults.halting import halt_at


def main(arguments: argparse.Namespace, settings: Settings, stop: Event) -> int:
    """Consume; at the point that the arguments name, this process kills or stops itself."""
    halt_at(arguments.point, arguments.times, signal.Signals[arguments.signal])
    plain = consumer.parser().parse_args([])
    return consumer.main(plain, settings, stop, group=arguments.group)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="consumer.py", description=__doc__)
    parser.add_argument("point", help="the label of the point")
    parser.add_argument("times", type=int, help="how often it must be reached")
    parser.add_argument("--signal", choices=["SIGKILL", "SIGSTOP"], default="SIGKILL")
    parser.add_argument("--group", help="a consumer group of its own: nobody waits for the dead member")
    return parser


if __name__ == "__main__":
    cli.run(_parser(), main)

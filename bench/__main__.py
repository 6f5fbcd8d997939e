"""Measure the system on servers of its own, on free ports; the last line is the ratio that counts."""

import logging
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from pathlib import Path
from threading import Event
from types import ModuleType

from bench.harness.report import check_chart, check_paths, publish
from bench.harness.stage import InterruptedBenchError
from bench.scenarios import (
    dashboard,
    detect,
    growth,
    latency,
    overload,
    produce,
    reconcile,
    sink,
    soak,
    windows,
)
from stockstream import cli
from stockstream.settings import Settings

BENCHES: dict[str, ModuleType] = {
    "sink": sink,
    "latency": latency,
    "growth": growth,
    "windows": windows,
    "reconcile": reconcile,
    "produce": produce,
    "detect": detect,
    "dashboard": dashboard,
    "soak": soak,
    "overload": overload,
}


def main(arguments: Namespace, _settings: Settings, stop: Event) -> int:
    """Run one benchmark and print its results; return 1 if a promise does not hold."""
    logging.getLogger().setLevel(logging.WARNING)
    check_paths(arguments.json, arguments.chart)
    check_chart(arguments.chart)
    try:
        report = BENCHES[arguments.bench].measure(arguments, stop)
    except InterruptedBenchError:
        return 0
    asked = {key: value for key, value in vars(arguments).items() if key not in ("bench", "json", "chart")}
    publish(report, asked, arguments.json, arguments.chart)
    return 1 if report.broken else 0


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="bench", description=__doc__)
    benches = parser.add_subparsers(dest="bench", required=True, metavar="NAME")
    for name, bench in BENCHES.items():
        told = bench.__doc__ or ""
        one = benches.add_parser(
            name, help=told.partition("\n")[0], description=told, formatter_class=RawDescriptionHelpFormatter
        )
        bench.add_options(one)
        one.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
        one.add_argument("--chart", type=Path, metavar="FILE.png", help="draw them there")
    return parser


if __name__ == "__main__":
    cli.run(_parser(), main)

"""`python -m stockstream.services start|stop|status`: the command behind start.sh and stop.sh."""

import shlex
from argparse import ArgumentParser, Namespace
from threading import Event

from stockstream.cli import run
from stockstream.connectors.metrics.server import PROCESSES
from stockstream.services.console import StartConsole, speaking
from stockstream.services.start import start
from stockstream.services.stop import stop as stop_system
from stockstream.services.supervision.processes import states
from stockstream.settings import Settings


def main(arguments: Namespace, settings: Settings, stop: Event) -> int:
    """Run the command and return the exit code."""
    if arguments.command == "status":
        return _status(settings)
    with speaking() as output:
        if arguments.command == "stop":
            stop_system(settings, output, wipe=arguments.wipe)
            return 0
        start(settings, stop, output, servers_alone=arguments.servers)
        if not arguments.servers:
            output.say("dashboard", f"http://localhost:{settings.dashboard_port}")
            _say_metrics(settings, output)
        output.say("logs", f"tail -f {shlex.quote(str(settings.data_dir / 'logs'))}/*.log")
        output.say("look", "python test_system.py shows the health of every part; ./stop.sh ends them all")
    return 0


def _say_metrics(settings: Settings, output: StartConsole) -> None:
    if settings.metrics_port:
        ports = f"{settings.metrics_port} to {settings.metrics_port + len(PROCESSES) - 1}"
        output.say(
            "metrics", f"http://{settings.metrics_host}:{settings.metrics_port}/metrics, ports {ports}"
        )


def _status(settings: Settings) -> int:
    found = states(settings)
    lines = [
        f"{process.name:<11} {process.state:<9} {process.pid or '':<8} "
        f"{process.since.astimezone():%Y-%m-%d %H:%M:%S}  {process.log}"
        for process in found
    ]
    print("\n".join(lines) or "nothing runs")  # noqa: T201 - the output of the command
    return 0 if found and all(process.state == "running" for process in found) else 1


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="services", description="Start, stop or show the system as one.")
    commands = parser.add_subparsers(dest="command", required=True)
    starting = commands.add_parser("start", help="bring up what is not up, and wait until trades flow")
    starting.add_argument(
        "--servers", action="store_true", help="Kafka, PostgreSQL, topic and tables alone, no process"
    )
    ending = commands.add_parser("stop", help="end what start began")
    ending.add_argument("--wipe", action="store_true", help="also delete the data of the servers it started")
    commands.add_parser("status", help="show the processes that start began")
    return parser


if __name__ == "__main__":
    run(_parser(), main)

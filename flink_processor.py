"""Make the candles with Apache Flink: a local one, or any cluster with a SQL gateway."""

import argparse
import logging
from contextlib import closing
from threading import Event

from stockstream import cli
from stockstream.argument_types import not_negative, positive
from stockstream.connectors import schema
from stockstream.connectors.engine_lock import EngineLock
from stockstream.connectors.flink_gateway import Gateway
from stockstream.connectors.flink_rest import Flink
from stockstream.connectors.kafka_cluster import cluster_of
from stockstream.connectors.kafka_topic import ensure_topic
from stockstream.connectors.postgres import address_of, connect
from stockstream.errors import FlinkError
from stockstream.jobs import flink, flink_report
from stockstream.jobs.flink_script import JOB_NAME, Options, identity, restoring, script
from stockstream.services import flink as local
from stockstream.services import ports
from stockstream.services.leash import Leash
from stockstream.settings import Settings

log = logging.getLogger("flink_processor")


def main(arguments: argparse.Namespace, settings: Settings, stop: Event) -> int:
    """Do what the command says."""
    code: int = arguments.does(arguments, settings, stop)
    return code


def run(arguments: argparse.Namespace, settings: Settings, stop: Event) -> int:
    """Run a local Flink until stopped; the next run goes on where it ended."""
    options, port = _options(arguments), settings.flink_port
    _require_servers(settings)
    with closing(EngineLock(address_of(settings), "flink")) as lock:
        flink.claim(lock)
        if ports.is_taken(port, "127.0.0.1"):
            what = f"port {port} is taken by {ports.holder(port)}; end it, or set FLINK_PORT to a free port"
            raise FlinkError(what=what)
        state = local.state_folder(settings.data_dir) / identity(settings, options)
        gateway_port = ports.free_port()
        program = local.prepare(settings.data_dir, gateway_port, state, options.parallelism)
        leash = Leash(program, program.folder / "logs" / "flink.log")
        try:
            found = None if arguments.fresh else flink.newest_state(state)
            log.info("Flink is starting%s; its log is %s", f" from {found}" if found else "", leash.log)
            statements = f"SET 'rest.bind-port' = '{port}';\n{restoring(found)}{script(settings, options)}"
            gateway = Gateway(f"http://127.0.0.1:{gateway_port}")
            job = flink.begin(gateway, statements, leash.is_alive, stop)
            log.info("job %s at http://localhost:%d", job, port)
            cluster = Flink(f"http://127.0.0.1:{port}")
            if job and flink.watch(cluster, job, lock, leash.is_alive, stop):
                # The first Ctrl-C has ended the job, not the waiting for its savepoint.
                place = flink.end(cluster, job, state, Event())
                log.info("stopped at %s", place)
        finally:
            leash.end()
    return 0


def submit(arguments: argparse.Namespace, settings: Settings, _stop: Event) -> int:
    """Send the job to a cluster."""
    _require_servers(settings)
    cluster = Flink(arguments.flink or _page(settings))
    if job := flink.still_running(cluster, JOB_NAME):
        raise FlinkError(
            what=f"job {job} runs on {cluster.url} already; python flink_processor.py cancel ends it"
        )
    with closing(EngineLock(address_of(settings), "flink")) as lock:
        flink.claim(lock)
        job = Gateway(arguments.gateway).run(
            restoring(arguments.savepoint) + script(settings, _options(arguments))
        )
    print(job)  # noqa: T201 - what was asked for
    return 0


def status(arguments: argparse.Namespace, settings: Settings, _stop: Event) -> int:
    """Tell what the job does; exit code 1 unless it runs."""
    cluster = Flink(arguments.flink or _page(settings))
    found = cluster.status(_job(cluster))
    print(flink_report.as_json(found) if arguments.json else flink_report.as_text(found))  # noqa: T201 - the same
    return 0 if found.state == "RUNNING" else 1


def cancel(arguments: argparse.Namespace, settings: Settings, stop: Event) -> int:
    """End the job with a savepoint."""
    cluster = Flink(arguments.flink or _page(settings))
    place = flink.end(cluster, _job(cluster), local.state_folder(settings.data_dir), stop)
    if place:
        print(place)  # noqa: T201 - the same
    else:
        log.info("Flink goes on with the savepoint, and the job ends when it is made: status tells")
    return 0


def _job(cluster: Flink) -> str:
    job = cluster.running(JOB_NAME)
    if not job:
        raise FlinkError(
            what=f"no job {JOB_NAME!r} runs at {cluster.url}; python flink_processor.py run starts one"
        )
    return job


def _page(settings: Settings) -> str:
    return f"http://localhost:{settings.flink_port}"


def _require_servers(settings: Settings) -> None:
    """Raise the error that says what is missing, before anything is started."""
    address = address_of(settings)
    with closing(connect(address, "flink_processor")) as connection:
        schema.require(connection, address)
    ensure_topic(cluster_of(settings), settings.kafka_topic, settings.kafka_partitions)


def _options(arguments: argparse.Namespace) -> Options:
    return Options(arguments.parallelism, arguments.allowed_lateness, arguments.checkpoint_interval)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="flink_processor.py", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="run | submit | status | cancel")
    job = _job_options()
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument(
        "--flink", metavar="URL", help="the cluster's page (default: http://localhost:FLINK_PORT)"
    )
    running = commands.add_parser("run", parents=[job], help=run.__doc__)
    running.add_argument(
        "--fresh", action="store_true", help="begin with the topic, not where the last run ended"
    )
    running.set_defaults(does=run)
    sending = commands.add_parser("submit", parents=[job, where], help=submit.__doc__)
    sending.add_argument(
        "--gateway",
        metavar="URL",
        default="http://localhost:8083",
        help="the cluster's SQL gateway (default: %(default)s)",
    )
    sending.add_argument("--savepoint", metavar="PATH", help="go on from this savepoint or checkpoint")
    sending.set_defaults(does=submit)
    telling = commands.add_parser("status", parents=[where], help=status.__doc__)
    telling.add_argument("--json", action="store_true", help="one JSON object")
    telling.set_defaults(does=status)
    commands.add_parser("cancel", parents=[where], help=cancel.__doc__).set_defaults(does=cancel)
    return parser


def _job_options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument(
        "--parallelism",
        type=int,
        default=1,
        choices=range(1, 129),
        metavar="N",
        help="tasks of each kind (default: 1)",
    )
    options.add_argument(
        "--allowed-lateness",
        type=not_negative,
        default=5.0,
        metavar="S",
        help="a trade up to so many seconds of event time late still counts (default: %(default)g)",
    )
    options.add_argument(
        "--checkpoint-interval",
        type=positive,
        default=10.0,
        metavar="S",
        help="seconds between two checkpoints (default: %(default)g)",
    )
    return options


if __name__ == "__main__":
    cli.run(_parser(), main)

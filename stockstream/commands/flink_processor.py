"""Make candles, or find patterns, with Apache Flink: a local one, or any cluster with a SQL gateway."""

import argparse
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import replace
from pathlib import Path
from threading import Event

from stockstream.commands.argument_types import positive
from stockstream.connectors.flink.gateway import Gateway
from stockstream.connectors.flink.rest import Flink
from stockstream.connectors.kafka.client import cluster_of
from stockstream.connectors.kafka.topic import ensure_topic
from stockstream.connectors.postgres import schema
from stockstream.connectors.postgres.connection import address_of, connect
from stockstream.connectors.postgres.engine_lock import EngineLock
from stockstream.errors import FlinkError
from stockstream.jobs.background_reconciler import reconciling
from stockstream.jobs.flink import lifecycle, report
from stockstream.jobs.flink.script import CANDLES, PATTERNS, Job, Options, identity, restoring, script
from stockstream.services import ports
from stockstream.services.servers import flink as local
from stockstream.services.supervision.process_guard import ProcessGuard
from stockstream.settings import Settings

log = logging.getLogger("flink_processor")


def main(arguments: argparse.Namespace, settings: Settings, stop: Event) -> int:
    """Run the requested command."""
    code: int = arguments.does(arguments, settings, stop)
    return code


def run(arguments: argparse.Namespace, settings: Settings, stop: Event) -> int:
    """Run a local Flink until stopped; the next run goes on where it ended."""
    options, port = _options(arguments), settings.flink_port
    _require_servers(settings)
    with _right_to_write(settings, options.job) as keep, _reconciling(settings, options.job, stop):
        if ports.is_taken(port, "127.0.0.1"):
            what = f"port {port} is taken by {ports.holder(port)}; end it, or set FLINK_PORT to a free port"
            raise FlinkError(what=what)
        state = _states(settings, options.job) / identity(settings, options)
        gateway_port = ports.free_port()
        program = local.prepare(
            settings.data_dir, options.job.folder, gateway_port, state, options.parallelism
        )
        guard = ProcessGuard(program, program.folder / "logs" / "flink.log")
        try:
            found = None if arguments.fresh else lifecycle.newest_state(state)
            log.info("Flink is starting%s; its log is %s", f" from {found}" if found else "", guard.log)
            statements = f"SET 'rest.bind-port' = '{port}';\n{restoring(found)}{script(settings, options)}"
            gateway = Gateway(f"http://127.0.0.1:{gateway_port}")
            job = lifecycle.begin(gateway, statements, guard.is_alive, stop)
            log.info("job %s at http://localhost:%d", job, port)
            cluster = Flink(f"http://127.0.0.1:{port}")
            if job and lifecycle.watch(cluster, job, keep, guard.is_alive, stop):
                # The first Ctrl-C has ended the job, not the wait for its savepoint.
                place = lifecycle.end(cluster, job, state, Event())
                log.info("stopped at %s", place)
        finally:
            guard.end()
    return 0


def submit(arguments: argparse.Namespace, settings: Settings, _stop: Event) -> int:
    """Send the job to a cluster."""
    _require_servers(settings)
    options, cluster = _options(arguments), Flink(arguments.flink or _page(settings))
    if job := lifecycle.still_running(cluster, options.job.name):
        raise FlinkError(
            what=f"job {job} runs on {cluster.url} already; python flink_processor.py cancel ends it"
        )
    with _right_to_write(settings, options.job):
        job = Gateway(arguments.gateway).run(restoring(arguments.savepoint) + script(settings, options))
    print(job)  # noqa: T201 - the command's output
    if options.job == CANDLES:
        log.info("its candles are made equal to the tape by: python aggregator.py --reconcile-only")
    return 0


def status(arguments: argparse.Namespace, settings: Settings, _stop: Event) -> int:
    """Tell what the job does; exit code 1 unless it runs."""
    cluster = Flink(arguments.flink or _page(settings))
    found = cluster.status(_running(cluster, arguments.job))
    if arguments.job == CANDLES:
        # The watermark reported for this job is the clock of its mini-batches.
        found = replace(found, watermark=None)
    print(report.as_json(found) if arguments.json else report.as_text(found))  # noqa: T201 - the same
    return 0 if found.state == "RUNNING" else 1


def cancel(arguments: argparse.Namespace, settings: Settings, stop: Event) -> int:
    """End the job with a savepoint."""
    cluster = Flink(arguments.flink or _page(settings))
    place = lifecycle.end(cluster, _running(cluster, arguments.job), _states(settings, arguments.job), stop)
    if place:
        print(place)  # noqa: T201 - the same
    else:
        log.info("Flink goes on with the savepoint, and the job ends when it is made: status tells")
    return 0


def _right_to_write(settings: Settings, job: Job) -> AbstractContextManager[Callable[[], None]]:
    """Return a context that holds the engine lock if the job makes candles, and yields a check of it."""
    if job != CANDLES:
        return nullcontext(lambda: None)
    return lifecycle.lock_held(EngineLock(address_of(settings), "flink"))


def _reconciling(settings: Settings, job: Job, stop: Event) -> AbstractContextManager[object]:
    """Return a context that reconciles candles in the background if the job makes them."""
    return reconciling(settings, stop) if job == CANDLES else nullcontext()


def _states(settings: Settings, job: Job) -> Path:
    return local.home_of(settings.data_dir, job.folder) / "state"


def _running(cluster: Flink, job: Job) -> str:
    found = cluster.running(job.name)
    if not found:
        raise FlinkError(
            what=f"no job {job.name!r} runs at {cluster.url}; python flink_processor.py run starts one"
        )
    return found


def _page(settings: Settings) -> str:
    return f"http://localhost:{settings.flink_port}"


def _require_servers(settings: Settings) -> None:
    """Raise an error that says what is missing, before anything is started."""
    address = address_of(settings)
    with closing(connect(address, "flink_processor")) as connection:
        schema.require(connection, address)
    ensure_topic(cluster_of(settings), settings.kafka_topic, settings.kafka_partitions)


def _options(arguments: argparse.Namespace) -> Options:
    return Options(arguments.job, arguments.parallelism, arguments.checkpoint_interval)


def parser() -> argparse.ArgumentParser:
    """Return the argument parser."""
    command_line = argparse.ArgumentParser(prog="flink_processor.py", description=__doc__)
    commands = command_line.add_subparsers(required=True, metavar="run | submit | status | cancel")
    which = argparse.ArgumentParser(add_help=False)
    which.add_argument(
        "--patterns",
        dest="job",
        action="store_const",
        const=PATTERNS,
        default=CANDLES,
        help="the job that finds ramps and reversals, not the one of the candles",
    )
    how = _how_it_runs()
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument(
        "--flink", metavar="URL", help="the cluster's page (default: http://localhost:FLINK_PORT)"
    )
    running = commands.add_parser("run", parents=[which, how], help=run.__doc__)
    running.add_argument(
        "--fresh", action="store_true", help="begin with the topic, not where the last run ended"
    )
    running.set_defaults(does=run)
    sending = commands.add_parser("submit", parents=[which, how, where], help=submit.__doc__)
    sending.add_argument(
        "--gateway",
        metavar="URL",
        default="http://localhost:8083",
        help="the cluster's SQL gateway (default: %(default)s)",
    )
    sending.add_argument("--savepoint", metavar="PATH", help="go on from this savepoint or checkpoint")
    sending.set_defaults(does=submit)
    asking = commands.add_parser("status", parents=[which, where], help=status.__doc__)
    asking.add_argument("--json", action="store_true", help="one JSON object")
    asking.set_defaults(does=status)
    commands.add_parser("cancel", parents=[which, where], help=cancel.__doc__).set_defaults(does=cancel)
    return command_line


def _how_it_runs() -> argparse.ArgumentParser:
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
        "--checkpoint-interval",
        type=positive,
        default=10.0,
        metavar="S",
        help="seconds between two checkpoints (default: %(default)g)",
    )
    return options

"""The yardstick of candles: a job as anybody would write it first, on a Flink of its own.

It runs until it is stopped, at parallelism 2, and keeps no savepoint.
"""

from argparse import ArgumentParser, Namespace
from contextlib import closing
from pathlib import Path
from threading import Event

from bench.sql import query
from stockstream import cli
from stockstream.connectors.flink.gateway import Gateway
from stockstream.connectors.flink.rest import Flink
from stockstream.connectors.postgres.connection import address_of, connect
from stockstream.jobs.flink import lifecycle
from stockstream.jobs.flink.script import Job, Options, script
from stockstream.services import ports
from stockstream.services.servers import flink as local
from stockstream.services.supervision.process_guard import ProcessGuard
from stockstream.settings import Settings

PLAIN = Job(
    "plain candles", (Path(__file__).parents[1] / "sql" / "plain_flink.sql",), "bench plain flink", "plain"
)
PARALLELISM = 2


def main(_arguments: Namespace, settings: Settings, stop: Event) -> int:
    """Run the job."""
    with (
        closing(connect(address_of(settings), "bench")) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(query("plain_candles"))
    state = local.home_of(settings.data_dir, PLAIN.folder) / "state"
    port = ports.free_port()
    program = local.prepare(settings.data_dir, PLAIN.folder, port, state, PARALLELISM)
    guard = ProcessGuard(program, program.folder / "logs" / "flink.log")
    statements = script(settings, Options(PLAIN, PARALLELISM))
    try:
        job = lifecycle.begin(
            Gateway(f"http://127.0.0.1:{port}"),
            f"SET 'rest.bind-port' = '{settings.flink_port}';\n{statements}",
            guard.is_alive,
            stop,
        )
        page = Flink(f"http://127.0.0.1:{settings.flink_port}")
        lifecycle.watch(page, job, lambda: None, guard.is_alive, stop)
    finally:
        guard.end()
    return 0


if __name__ == "__main__":
    cli.run(ArgumentParser(prog="bench.yardsticks.plain_flink", description=__doc__), main)

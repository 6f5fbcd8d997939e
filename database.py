"""Make the tables, look at them, export and import the tape, and prune what is old."""

import argparse
import logging
import time
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Event

from rich.console import Console
from rich.table import Table
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from stockstream import cli
from stockstream.argument_types import duration
from stockstream.connectors import schema, upkeep
from stockstream.connectors.export import check_format, export_trades
from stockstream.connectors.history import BEGINNING, END, History
from stockstream.connectors.imports import ImportedTape
from stockstream.connectors.postgres import Address, Connection, address_of, connect
from stockstream.errors import AggregatorBehindError
from stockstream.jobs.import_tape import Importer
from stockstream.jobs.patience import Patience
from stockstream.settings import Settings

AGGREGATOR_PATIENCE = 10.0

console = Console()
log = logging.getLogger("database")


def main(arguments: argparse.Namespace, settings: Settings, stop: Event) -> int:
    """Do what the sub-command says."""
    arguments.stop, arguments.topic = stop, settings.kafka_topic
    address = address_of(settings)
    connection = connect(address, "database")
    try:
        arguments.command(connection, address, arguments)
    finally:
        connection.close()
    return 0


def init(connection: Connection, address: Address, _arguments: argparse.Namespace) -> None:
    """Bring the tables to the newest version; an older one loses nothing."""
    steps = schema.migrate(connection, address)
    done = f"took steps {', '.join(map(str, steps))}" if steps else "nothing to do"
    console.print(
        f"database {address.database}: {done}; schema version {schema.newest()}",
        highlight=False,
        soft_wrap=True,
    )
    if missing := schema.missing_roles(connection, address):
        wish = " ".join(f"CREATE ROLE {role} NOLOGIN;" for role in missing)
        console.print(
            f"roles: user {address.user} may not make them; to give processes users of their own, have a "
            f"superuser run: {wish} and then init again",
            highlight=False,
            soft_wrap=True,
        )


def status(connection: Connection, address: Address, _arguments: argparse.Namespace) -> None:
    """Show the schema, the tables and how far each job has read."""
    schema.require(connection, address)
    newest = upkeep.newest_trade(connection, address)
    console.print(
        f"database {address.database} at {address.host}:{address.port}: schema version {schema.newest()}; "
        f"newest trade {newest.isoformat() if newest else 'none yet'}",
        highlight=False,
        soft_wrap=True,
    )
    console.print(_sizes(upkeep.table_sizes(connection, address)))
    console.print(_places(upkeep.places(connection, address)))


def prune(connection: Connection, address: Address, arguments: argparse.Namespace) -> None:
    """Delete whole days of trades (UTC) that are older than asked, once their candles are finished."""
    schema.require(connection, address)
    before = datetime.now(UTC) - arguments.older_than
    patience = Patience(arguments.stop, log)
    _await_aggregator(connection, address)
    days = upkeep.old_days(connection, address, before)
    upkeep.note_pruning(connection, address, before)
    for day in days:
        patience(partial(upkeep.drop_day, connection, address, day))
        console.print(f"dropped {day.table}, about {day.rows:,} trades", highlight=False)
    others = upkeep.prune_elsewhen(connection, address, before)
    moment = before.isoformat(timespec="seconds")
    console.print(
        f"pruned {len(days)} days and {others:,} other trades from before {moment}", highlight=False
    )


def export(connection: Connection, address: Address, arguments: argparse.Namespace) -> None:
    """Write the tape to a file that `producer.py --source replay --file` reads."""
    check_format(arguments.file)
    schema.require(connection, address)
    symbols = [symbol for symbol in (arguments.symbols or "").split(",") if symbol]
    if symbols:
        with closing(History(address)) as history:
            history.require(symbols)
    since = datetime.now(UTC) - arguments.last if arguments.last else BEGINNING
    rows = export_trades(connection, address, arguments.file, symbols, (since, END))
    console.print(f"{rows:,} trades in {arguments.file}", highlight=False, soft_wrap=True)


def import_files(connection: Connection, address: Address, arguments: argparse.Namespace) -> None:
    """Put exported trades back, each once, into a database that no job has begun to fill."""
    schema.require(connection, address)
    with closing(ImportedTape(address, arguments.topic)) as tape:
        importer = Importer(tape, arguments.stop, time.monotonic)
        for path in arguments.files:
            importer.add(path)
    rest = "; stopped: the same command goes on" if arguments.stop.is_set() else ""
    console.print(f"{importer.total}{rest}", highlight=False, soft_wrap=True)


def _await_aggregator(connection: Connection, address: Address) -> None:
    """Wait until the aggregator has read what is stored: what it has not read must not go."""
    caught_up = Retrying(
        retry=retry_if_result(bool), stop=stop_after_delay(AGGREGATOR_PATIENCE), wait=wait_fixed(0.2)
    )
    try:
        caught_up(upkeep.unaggregated, connection, address)
    except RetryError as exc:
        behind = f"{exc.last_attempt.result():,}"
        raise AggregatorBehindError(messages=behind) from exc


def _sizes(sizes: list[upkeep.TableSize]) -> Table:
    table = Table("table", "rows (estimate)", "MB on disk")
    for each in sizes:
        table.add_row(each.name, f"{each.rows:,}", f"{each.size / 1e6:,.1f}")
    return table


def _places(places: list[upkeep.JobPlace]) -> Table:
    table = Table("job", "topic", "partition", "next offset", "duplicates", "moved at (UTC)")
    for each in places:
        moved = f"{each.updated_at:%Y-%m-%d %H:%M:%S}"
        table.add_row(
            each.job, each.topic, str(each.partition), f"{each.next_offset:,}", f"{each.duplicates:,}", moved
        )
    return table


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="database.py", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    commands.add_parser("init", help="make the tables or bring them forward").set_defaults(command=init)
    commands.add_parser("status", help="show versions, sizes and places").set_defaults(command=status)
    exporting = commands.add_parser("export", help="write the tape to a CSV or Parquet file")
    exporting.add_argument("file", type=Path, metavar="FILE", help="its name ends in .csv or .parquet")
    exporting.add_argument("--symbols", metavar="A,B,C", help="only these symbols (default: all)")
    exporting.add_argument("--last", type=duration, metavar="TIME", help="such as 1h (default: all)")
    exporting.set_defaults(command=export)
    importing = commands.add_parser("import", help="put exported trades back into a new database")
    importing.add_argument(
        "files", type=Path, nargs="+", metavar="FILE", help="made by export; again, it stores nothing twice"
    )
    importing.set_defaults(command=import_files)
    pruning = commands.add_parser("prune", help="delete whole days of old trades")
    pruning.add_argument("--older-than", type=duration, required=True, metavar="AGE", help="such as 30d")
    pruning.set_defaults(command=prune)
    return parser


if __name__ == "__main__":
    cli.run(_parser(), main)

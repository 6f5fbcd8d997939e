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
from rich.progress import Progress as ProgressBar
from rich.table import Table

from stockstream.commands.argument_types import duration, moment
from stockstream.connectors.postgres import maintenance, schema
from stockstream.connectors.postgres.connection import Address, Connection, address_of, connect
from stockstream.connectors.postgres.read.export import Wanted, check_format, export_trades
from stockstream.connectors.postgres.read.export_layouts import LAYOUTS
from stockstream.connectors.postgres.read.trade_reader import BEGINNING, END, TradeReader
from stockstream.connectors.postgres.store.imports import ImportedTape
from stockstream.connectors.postgres.store.reconciliation import Reconciliation, Span
from stockstream.jobs.background_reconciler import reconciler_of
from stockstream.jobs.retry import Retry
from stockstream.jobs.tape.import_trades import Importer
from stockstream.settings import Settings

console = Console()
log = logging.getLogger("database")


def main(arguments: argparse.Namespace, settings: Settings, stop: Event) -> int:
    """Run the requested subcommand."""
    arguments.stop, arguments.topic, arguments.settings = stop, settings.kafka_topic, settings
    address = address_of(settings)
    connection = connect(address, "database")
    try:
        arguments.command(connection, address, arguments)
    finally:
        connection.close()
    return 0


def init(connection: Connection, address: Address, _arguments: argparse.Namespace) -> None:
    """Migrate the tables to the newest version without losing data."""
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
    """Show the schema version, the tables and each job's committed offsets."""
    schema.require(connection, address)
    newest = maintenance.newest_trade(connection, address)
    console.print(
        f"database {address.database} at {address.host}:{address.port}: schema version {schema.newest()}; "
        f"newest trade {newest.isoformat() if newest else 'none yet'}",
        highlight=False,
        soft_wrap=True,
    )
    console.print(_sizes(maintenance.table_sizes(connection, address)))
    console.print(_offsets(maintenance.offsets(connection, address)))


def prune(connection: Connection, address: Address, arguments: argparse.Namespace) -> None:
    """Delete whole days of trades (UTC) older than requested, once their candles are reconciled."""
    schema.require(connection, address)
    wanted = datetime.now(UTC) - arguments.older_than
    retry = Retry(arguments.stop, log)
    _reconcile(arguments, Span(until=wanted), "candles to be reconciled first")
    before = maintenance.prunable_before(connection, address, wanted)
    maintenance.note_pruning(connection, address, before)
    days = maintenance.old_days(connection, address, before)
    for day in days:
        retry(partial(maintenance.drop_day, connection, address, day))
        console.print(f"dropped {day.table}, about {day.rows:,} trades", highlight=False)
    others = maintenance.prune_elsewhen(connection, address, before)
    moment = before.isoformat(timespec="seconds")
    console.print(
        f"pruned {len(days)} days and {others:,} other trades from before {moment}", highlight=False
    )


def rebuild(connection: Connection, address: Address, arguments: argparse.Namespace) -> None:
    """Compare the candles of a span with the tape again, and correct them."""
    schema.require(connection, address)
    symbols = arguments.symbols or None
    if symbols:
        with closing(TradeReader(address)) as history:
            history.require(symbols)
    span = Span(arguments.since or BEGINNING, arguments.until or END, symbols)
    with closing(Reconciliation(address)) as minutes:
        noted = minutes.touch(span)
    left = _reconcile(arguments, span, "candles")
    rest = f"; {left:,} still wait: a reconciler goes on with them" if left else ""
    console.print(
        f"{noted - min(left, noted):,} candles equal the tape{rest}", highlight=False, soft_wrap=True
    )


def export(connection: Connection, address: Address, arguments: argparse.Namespace) -> None:
    """Write the tape to a file that `producer.py --source replay --file` reads."""
    check_format(arguments.file, arguments.layout)
    schema.require(connection, address)
    symbols = [symbol for symbol in (arguments.symbols or "").split(",") if symbol]
    if symbols:
        with closing(TradeReader(address)) as history:
            history.require(symbols)
    since = datetime.now(UTC) - arguments.last if arguments.last else BEGINNING
    rows = export_trades(connection, address, arguments.file, Wanted(symbols, since, END), arguments.layout)
    console.print(f"{rows:,} trades in {arguments.file}", highlight=False, soft_wrap=True)


def import_files(connection: Connection, address: Address, arguments: argparse.Namespace) -> None:
    """Restore exported trades, each once, in a database that no job has begun to fill."""
    schema.require(connection, address)
    with closing(ImportedTape(address, arguments.topic)) as tape:
        importer = Importer(tape, arguments.stop, time.monotonic)
        for path in arguments.files:
            importer.add(path)
    rest = "; stopped: the same command goes on" if arguments.stop.is_set() else ""
    console.print(f"{importer.total}{rest}", highlight=False, soft_wrap=True)
    _reconcile(arguments, Span(), "candles")


def _reconcile(arguments: argparse.Namespace, span: Span, what: str) -> int:
    """Reconcile what can be done now in a span, and return how many minutes still wait."""
    stop = arguments.stop
    with (
        closing(Reconciliation(address_of(arguments.settings))) as minutes,
        ProgressBar(console=console, transient=True, disable=not console.is_terminal) as bar,
    ):
        task = bar.add_task(what, total=None)
        reconciler = reconciler_of(arguments.settings, minutes)
        return reconciler.catch_up(
            span, Retry(stop, log), stop, lambda done, total: bar.update(task, completed=done, total=total)
        )


def _sizes(sizes: list[maintenance.TableSize]) -> Table:
    table = Table("table", "rows (estimate)", "MB on disk")
    for each in sizes:
        table.add_row(each.name, f"{each.rows:,}", f"{each.size / 1e6:,.1f}")
    return table


def _offsets(offsets: list[maintenance.JobOffset]) -> Table:
    table = Table("job", "topic", "partition", "next offset", "duplicates", "moved at (UTC)")
    for each in offsets:
        moved = f"{each.updated_at:%Y-%m-%d %H:%M:%S}"
        table.add_row(
            each.job, each.topic, str(each.partition), f"{each.next_offset:,}", f"{each.duplicates:,}", moved
        )
    return table


def parser() -> argparse.ArgumentParser:
    """Return the argument parser."""
    command_line = argparse.ArgumentParser(prog="database.py", description=__doc__)
    commands = command_line.add_subparsers(required=True, metavar="command")
    commands.add_parser("init", help="make the tables or bring them forward").set_defaults(command=init)
    commands.add_parser("status", help="show versions, sizes and places").set_defaults(command=status)
    exporting = commands.add_parser("export", help="write the tape to a CSV or Parquet file")
    exporting.add_argument("file", type=Path, metavar="FILE", help="its name ends in .csv or .parquet")
    exporting.add_argument(
        "--layout",
        choices=sorted(LAYOUTS),
        help="FILE is a folder: of Parquet by symbol and day (hive), or of ticks for QuantConnect Lean",
    )
    exporting.add_argument("--symbols", metavar="A,B,C", help="only these symbols (default: all)")
    exporting.add_argument("--last", type=duration, metavar="TIME", help="such as 1h (default: all)")
    exporting.set_defaults(command=export)
    importing = commands.add_parser("import", help="put exported trades back into a new database")
    importing.add_argument(
        "files", type=Path, nargs="+", metavar="FILE", help="made by export; again, it stores nothing twice"
    )
    importing.set_defaults(command=import_files)
    rebuilding = commands.add_parser("rebuild", help="compare candles with the tape again, and mend them")
    rebuilding.add_argument("symbols", nargs="*", metavar="SYMBOL", help="only these (default: all)")
    rebuilding.add_argument("--since", type=moment, metavar="TIME", help="from then on (default: all)")
    rebuilding.add_argument("--until", type=moment, metavar="TIME", help="before then (default: now)")
    rebuilding.set_defaults(command=rebuild)
    pruning = commands.add_parser("prune", help="delete whole days of old trades")
    pruning.add_argument("--older-than", type=duration, required=True, metavar="AGE", help="such as 30d")
    pruning.set_defaults(command=prune)
    return command_line

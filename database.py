"""Make the tables, look at them, and prune what is old."""

import argparse
from datetime import UTC, datetime
from threading import Event

from rich.console import Console
from rich.table import Table

from stockstream import cli
from stockstream.connectors import schema, upkeep
from stockstream.connectors.postgres import Address, Connection, address_of, connect
from stockstream.settings import Settings

console = Console()


def main(arguments: argparse.Namespace, settings: Settings, _stop: Event) -> int:
    """Do what the sub-command says."""
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
    console.print(f"database {address.database}: {done}; schema version {schema.newest()}", highlight=False)


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
    """Delete trades that are older than asked, but never those of a candle that is still open."""
    schema.require(connection, address)
    before = datetime.now(UTC) - arguments.older_than
    with console.status("pruning") as shown:
        pruned = 0

        def tell(rows: int) -> None:
            nonlocal pruned
            pruned += rows
            shown.update(f"pruned {pruned:,} trades")

        total = upkeep.prune(connection, address, before, tell)
    console.print(
        f"pruned {total:,} trades from before {before.isoformat(timespec='seconds')}", highlight=False
    )


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
    pruning = commands.add_parser("prune", help="delete old trades")
    pruning.add_argument("--older-than", type=cli.duration, required=True, metavar="AGE", help="such as 30d")
    pruning.set_defaults(command=prune)
    return parser


if __name__ == "__main__":
    cli.run(_parser(), main)

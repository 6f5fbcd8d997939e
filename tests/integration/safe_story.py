"""The way of trades over TLS, each process in its role, on tables whose owner may make no roles."""

import re
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace

from psycopg2 import sql
from pydantic import SecretStr

from stockstream.connectors.postgres.connection import Address, address_of, connect
from stockstream.settings import Settings
from tests.fresh import environment_of
from tests.integration.users import SECRET, users
from tests.scripts import ran

COUNT = 2_000
OWNER = "plain"
PLACES = "SELECT sum(next_offset) FROM ingest_offsets WHERE job = 'detector'"
IN_THE_CLEAR = (
    "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE client_port > 0 AND NOT ssl"
)

Done = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Story:
    """What was said by the two `init`, by each process, and by one in a role that is not its own.

    `counted` is trades, trades in candles, and places of the detector; `unencrypted` is connections.
    """

    first: Done
    second: Done
    processes: Mapping[str, Done]
    refused: Done
    counted: tuple[int, int, int]
    unencrypted: int


def play(safe: Settings) -> Story:
    """Play it."""
    master = address_of(safe)
    settings = _owned(safe, master)
    first = ran(_as(settings, OWNER), "database.py", "init")
    _run(replace(master, database=OWNER), re.findall(r"CREATE ROLE \w+ NOLOGIN;", first.stdout))
    second = ran(_as(settings, OWNER), "database.py", "init")
    with users(replace(master, database=OWNER)) as people:
        names = {role: address.user for role, address in people.items()}
        processes = _processes(settings, names)
        refused = ran(_as(settings, names["detector"]), "aggregator.py", "--exit-when-idle", "1")
        with closing(connect(people["reader"], "test")) as connection, connection.cursor() as cursor:
            counted = []
            for statement in (
                "SELECT count(*) FROM trades",
                "SELECT sum(trade_count) FROM stock_metrics",
                PLACES,
            ):
                cursor.execute(statement)
                counted.append(int((cursor.fetchone() or (0,))[0] or 0))
            cursor.execute(IN_THE_CLEAR)
            (unencrypted,) = cursor.fetchone() or (-1,)
    return Story(first, second, processes, refused, (counted[0], counted[1], counted[2]), unencrypted)


def _processes(settings: Settings, names: Mapping[str, str]) -> dict[str, Done]:
    """Produce, then let the three that read the topic run side by side."""
    made = ran(_as(settings, "nobody"), "producer.py", "--count", str(COUNT), "--rate", "max", "--seed", "3")
    readers = {
        "writer": ("consumer.py", "--exit-when-idle", "3"),
        "aggregator": ("aggregator.py", "--exit-when-idle", "3"),
        "detector": ("anomaly_detector.py", "watch", "--exit-when-idle", "3"),
    }
    with ThreadPoolExecutor() as pool:
        runs = {
            role: pool.submit(ran, _as(settings, names[role]), *command) for role, command in readers.items()
        }
    return {"producer": made} | {role: run.result() for role, run in runs.items()}


def _owned(safe: Settings, master: Address) -> Settings:
    user, database = sql.Identifier(OWNER), sql.Identifier(OWNER)
    _run(master, [sql.SQL("CREATE USER {} PASSWORD {}").format(user, sql.Literal(SECRET))])
    _run(master, [sql.SQL("CREATE DATABASE {} OWNER {}").format(database, user)])
    return safe.model_copy(update={"postgres_db": OWNER, "postgres_password": SecretStr(SECRET)})


def _as(settings: Settings, user: str) -> dict[str, str]:
    return environment_of(settings.model_copy(update={"postgres_user": user}))


def _run(address: Address, statements: list[str] | list[sql.Composed]) -> None:
    with closing(connect(address, "test")) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        for statement in statements:
            cursor.execute(statement)

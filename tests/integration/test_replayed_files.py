"""Files as people have them, replayed into a running system: what is on the tape, and what is said."""

import gzip
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stockstream.connectors.postgres.connection import Connection, address_of, connect
from stockstream.market.files.identity import plain
from stockstream.services.servers.scratch import Scratch
from stockstream.settings import PROJECT
from tests.fresh import PARTITIONS, environment_of, fresh
from tests.scripts import ran, running
from tests.vendor_files import VENDOR_FILES
from tests.waiting import until

HEADER = "trade_id,time,symbol,price,volume,side,note"
STORED = 'SELECT source, symbol, trade_id, price::text FROM trades ORDER BY "timestamp", source, trade_id'
EXACT = """
    SELECT "timestamp", symbol, price, volume, trade_type, conditions, updates_last
    FROM trades WHERE source = 'vendors'
"""
CLAIMED = "SELECT count(*) FROM ingest_offsets WHERE job = 'consumer'"

Row = tuple[Any, ...]


class System:
    """A consumer that runs, and what producers bring it."""

    def __init__(self, environment: dict[str, str], connection: Connection, folder: Path) -> None:
        self.environment, self._connection, self._folder = environment, connection, folder

    def file(self, name: str, lines: Sequence[str], end: str = "\n") -> Path:
        """Write a file."""
        path = self._folder / name
        path.write_bytes(end.join([*lines, ""]).encode("utf-8", "surrogateescape"))
        return path

    def replay(self, path: Path, *options: str, beside: Sequence[Path] = ()) -> CompletedProcess[str]:
        """Replay a file to its end, others beside it."""
        files = map(str, (path, *beside))
        command = ("producer.py", "--source", "replay", "--file", *files, "--speed", "max", *options)
        return ran(self.environment, *command)

    def stored(self, statement: str = STORED) -> list[Row]:
        """Return what is on the tape."""
        with self._connection, self._connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()


@pytest.fixture(scope="module")
def environment_of_all(
    servers: Scratch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    folder = tmp_path_factory.mktemp("system")
    with fresh(servers.settings, folder) as settings:
        environment = environment_of(settings)
        with (
            closing(connect(address_of(settings), "test")) as connection,
            running(environment, "consumer.py"),
        ):
            made = System(environment, connection, folder)
            until(lambda: made.stored(CLAIMED) == [(PARTITIONS,)], 20)
            yield environment


@pytest.fixture
def system(servers: Scratch, environment_of_all: dict[str, str], tmp_path: Path) -> Iterator[System]:
    settings = servers.settings.model_copy(update={"postgres_db": environment_of_all["POSTGRES_DB"]})
    with closing(connect(address_of(settings), "test")) as connection:
        with connection, connection.cursor() as cursor:
            cursor.execute("DELETE FROM trades")
        yield System(environment_of_all, connection, tmp_path)


def trade(number: int, *, moment: str = "", price: str = "10.5", note: str = "") -> str:
    moment = moment or f"2024-03-07T10:00:{number:02}Z"
    return f"{number},{moment},X,{price},{number},BUY,{note}"


def test_a_quote_that_is_never_closed_costs_its_own_row(system: System) -> None:
    lines = [HEADER, *(trade(number, note='"12 inch' * (number == 11)) for number in range(1, 41))]
    said = system.replay(system.file("quote.csv", lines))
    assert said.returncode == 0
    assert "line 12: a quote is not closed; left out" in said.stderr
    assert "39 trades sent, 39 acknowledged, 0 failed" in said.stderr
    assert "0 of these were stored already" in said.stderr
    assert len(system.stored()) == 39


def test_two_files_with_the_same_ids_are_two_tapes_and_the_same_again_is_said(system: System) -> None:
    one = system.file("one.csv", [HEADER, *map(trade, (1, 2, 3))])
    other = system.file("other.csv", [HEADER, *(trade(n, price="99") for n in (1, 2, 3))])
    assert system.replay(one).returncode == 0
    assert "0 of these were stored already" in system.replay(other).stderr
    assert "3 of these were stored already" in system.replay(one).stderr
    assert [row[0] for row in system.stored()] == ["replay:one", "replay:other"] * 3


def test_what_another_producer_sends_meanwhile_is_not_counted(system: System) -> None:
    path, named = system.file("own.csv", [HEADER, *map(trade, (1, 2, 3))]), ("--source-name", "synthetic")
    assert "0 of these were stored already" in system.replay(path, *named).stderr
    with running(system.environment, "producer.py", "--rate", "500"):
        until(lambda: len(system.stored()) > len((1, 2, 3)), 30)
        assert "3 of these were stored already" in system.replay(path, *named).stderr
    # It waits until the consumer has all that the other has sent.
    assert "3 of these were stored already" in system.replay(path, *named).stderr


def test_files_replayed_together_come_in_order_of_time_and_are_tapes_of_their_own(system: System) -> None:
    one = system.file("odd.csv", [HEADER, *map(trade, range(1, 59, 2))])
    other = system.file("even.csv", [HEADER, *map(trade, range(2, 60, 2))])
    said = system.replay(one, beside=[other])
    assert said.returncode == 0
    assert "odd.csv, even.csv merged by time, as fast as it goes" in said.stderr
    assert "58 trades sent, 58 acknowledged, 0 failed" in said.stderr
    assert "0 of these were stored already" in said.stderr
    assert "order of time" not in said.stderr
    in_topic = system.stored("SELECT trade_id::int, source FROM trades ORDER BY kafka_offset")
    assert in_topic == [(n, "replay:odd" if n % 2 else "replay:even") for n in range(1, 59)]
    assert "29 of these were stored already" in system.replay(other).stderr


def test_one_id_in_two_files_of_one_tape_is_refused_before_anything_is_sent(system: System) -> None:
    one = system.file("mon.csv", [HEADER, *map(trade, (1, 2, 3))])
    other = system.file("tue.csv", [HEADER, *(trade(n, price="99") for n in (3, 4, 5))])
    refused = system.replay(one, "--source-name", "week", beside=[other])
    assert refused.returncode == 2
    assert "trade_id 3 of X is two trades', line 4 of" in refused.stderr
    assert "on the one tape week" in refused.stderr
    twice = system.replay(one, beside=[one])
    assert (twice.returncode, "it is named twice" in twice.stderr) == (2, True)
    assert system.stored() == []


def test_a_file_sorted_by_symbol_is_sent_as_it_is_and_says_so(system: System) -> None:
    lines = [HEADER, *(trade(n).replace(",X,", f",{symbol},") for symbol in "XYZ" for n in range(1, 60))]
    said = system.replay(system.file("by symbol.csv", lines))
    assert said.returncode == 0
    first, last = (line for line in said.stderr.splitlines() if "is not in order of time" in line)
    candles = "the candles come out right once they are reconciled"
    assert first.endswith(f"line 61 is 58 seconds older than a trade before it; {candles}")
    assert last.endswith(
        f"116 of 177 trades are older than one before them (up to 58 seconds); {candles}",
    )
    assert len(system.stored()) == 177


def test_another_file_of_the_same_name_is_refused_before_anything_is_sent(system: System) -> None:
    assert system.replay(system.file("x.csv", [HEADER, *map(trade, (1, 2, 3))])).returncode == 0
    again = system.file("x.csv", [HEADER, *(trade(n, price="99") for n in (3, 4, 5))])
    refused = system.replay(again)
    assert refused.returncode == 2
    assert "trade_id 3 of X is another trade's on the tape replay:x" in refused.stderr
    (option, name) = re.findall(r"(--source-name) (NAME)", refused.stderr)[0]
    assert system.replay(again, option, name).returncode == 0
    assert len(system.stored()) == 6


def test_a_file_without_ids_may_grow_move_and_change_its_line_ends(system: System) -> None:
    lines = [
        "time,symbol,price,size,side",
        *(f"2024-03-01 10:00:0{n}Z,G,1{n}.5,{n},BUY" for n in range(1, 7)),
    ]
    assert system.replay(system.file("day1.csv", lines)).returncode == 0
    more = [*lines, *(f"2024-03-02 10:00:0{n}Z,G,2{n}.5,{n},SELL" for n in range(1, 4))]
    assert "6 of these were stored already" in system.replay(system.file("day2.csv", more)).stderr
    assert "9 of these were stored already" in system.replay(system.file("day2.csv", more, "\r\n")).stderr
    assert len(system.stored()) == 9


def test_ids_that_begin_again_are_refused_and_the_advice_works(system: System) -> None:
    rows = ["1,2024-03-01T10:00:00Z,X,V1,10,1,buy", "1,2024-03-01T10:00:01Z,X,V2,11,1,buy"]
    rows += [row.replace("03-01", "03-02") for row in rows]
    path = system.file("venues.csv", ["id,time,symbol,exchange,price,size,side", *rows])
    refused = system.replay(path)
    assert refused.returncode == 2
    assert system.stored() == []
    option, value = re.findall(r"(--id-per) (\S+) ", refused.stderr)[0]
    assert system.replay(path, option, value).returncode == 0
    assert [row[2] for row in system.stored()] == [
        *("20240301/V1/1", "20240301/V2/1", "20240302/V1/1", "20240302/V2/1"),
    ]


def test_a_price_in_other_units_is_a_question_and_its_answer_is_exact(system: System) -> None:
    path = system.file("raw.csv", [HEADER, trade(1, price="5312250000000")])
    asked = system.replay(path)
    assert asked.returncode == 2
    assert "cannot be meant; is it in other units?" in asked.stderr
    assert system.replay(path, "--price-scale", "1000000000").returncode == 0
    assert [row[3] for row in system.stored()] == ["5312.25"]


def test_a_file_without_a_good_row_is_a_failure(system: System) -> None:
    failed = system.replay(system.file("slashes.csv", [HEADER, trade(1, moment="14/04/2020 10:41:00")]))
    assert failed.returncode == 1
    assert (
        "none of its 1 rows is a trade; line 2: timestamp '14/04/2020 10:41:00': needs a time"
        in failed.stderr
    )
    other = system.replay(system.file("x.csv", [HEADER, trade(1)]), "--symbols", "A,B")
    assert other.returncode == 1
    assert "it has no trade of A, B" in other.stderr


def test_all_before_a_broken_place_is_sent_and_the_break_is_a_failure(system: System, tmp_path: Path) -> None:
    path = tmp_path / "broken.parquet"
    count = 3000
    columns = {
        "trade_id": [str(number) for number in range(count)],
        "time": [1_704_205_800_000 + number for number in range(count)],
        "symbol": ["X"] * count,
        "price": [10.5] * count,
        "size": [1] * count,
        "side": ["buy"] * count,
    }
    pq.write_table(pa.table(columns), path, row_group_size=1000, compression="none", use_dictionary=False)
    start = pq.ParquetFile(path).metadata.row_group(2).column(0).data_page_offset
    content = bytearray(path.read_bytes())
    content[start : start + 40] = b"\xff" * 40
    path.write_bytes(content)
    failed = system.replay(path)
    assert failed.returncode == 1
    assert "2,000 trades sent, 2,000 acknowledged, 0 failed" in failed.stderr
    assert "cannot read trades from" in failed.stderr.splitlines()[-1]
    until(lambda: len(system.stored()) == 2000, 20)


def test_a_trade_of_the_far_future_is_said_before_it_is_waited_for(system: System) -> None:
    lines = [HEADER, trade(1), trade(2, moment="2199-01-01T00:00:00Z"), trade(3)]
    path = system.file("ahead.csv", lines)
    with running(system.environment, "producer.py", "--source", "replay", "--file", str(path)) as producer:
        said = ""
        while "is due in" not in said:
            said = next(iter(producer.stderr or ()))
        assert re.search(
            r"the next trade, line 3 of 2199-01-01T00:00:00\+00:00, is due in 17[45] years", said
        )
        producer.terminate()
        assert producer.wait(20) == 0


def test_vendors_files_are_on_the_tape_exactly(system: System, tmp_path: Path) -> None:
    folder = tmp_path / "vendors"
    folder.mkdir()
    for number, each in enumerate(VENDOR_FILES):
        # Each in a folder of its own: some vendors give the same name to the same symbol's files.
        (folder / f"{number:02}").mkdir()
        each.written(folder / f"{number:02}")
    # TAQ's last line is not a trade.
    done = system.replay(folder, "--source-name", "vendors")
    assert done.returncode == 0, done.stderr
    assert "bad rows left out: 1" in done.stderr
    wanted = [trade[:7] for each in VENDOR_FILES for trade in each.trades]
    until(lambda: len(system.stored(EXACT)) >= len(wanted), 60)
    found = [
        (moment.astimezone(UTC).isoformat(), symbol, plain(price), plain(volume), *rest)
        for moment, symbol, price, volume, *rest in system.stored(EXACT)
    ]
    assert Counter(found) == Counter(wanted)


def test_what_comes_by_a_pipe_is_replayed(system: System, tmp_path: Path) -> None:
    rows = [f"2024-03-07T10:00:{second:02}Z,X,buy,10.5,{second + 1}" for second in range(30)]
    (tmp_path / "ticks.csv.gz").write_bytes(gzip.compress("\n".join(rows).encode()))
    columns = "--columns 1=time,2=symbol,3=side,4=price,5=volume"
    command = f"{sys.executable} producer.py --source replay --file - --speed max {columns}"
    piped = subprocess.run(
        ["/bin/bash", "-c", f"zcat {tmp_path}/ticks.csv.gz | {command}"],
        cwd=PROJECT,
        env=system.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert piped.returncode == 0, piped.stderr
    assert "30 trades sent, 30 acknowledged, 0 failed" in piped.stderr
    assert "0 of these were stored already" in piped.stderr
    assert len(system.stored()) == 30

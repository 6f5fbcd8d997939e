"""Every command of the documents runs: most of them here, on one system, as a reader types them."""

import re
import shlex
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from stockstream.connectors.postgres.connection import address_of, connect
from stockstream.services.servers.scratch import Scratch
from stockstream.settings import PROJECT, Settings
from tests.documented import commands
from tests.fresh import environment_of, fresh
from tests.integration.run_elsewhere import ELSEWHERE, elsewhere
from tests.integration.terminals import TIMEOUT, Terminals
from tests.waiting import until

# What runs in terminals of its own, all at once, until the end.
LASTING = (
    "python producer.py",
    "python consumer.py",
    "python aggregator.py",
    "python anomaly_detector.py watch",
    "streamlit run dashboard.py",
)
# What runs until Ctrl-C, and what it says when it is at work; all else runs to its end.
SIGNS = {
    "python producer.py --symbols AAPL,MSFT --anomaly-rate 0.05 --anomaly-magnitude 2": "2 trades/s",
    "python producer.py --symbols 1000 --correlation 0.5 --bursts 390m": "2 trades/s",
    "python producer.py --source replay --file trades.csv": "1 times the original pace",
    "python producer.py --source replay --file trades.parquet --speed 10": "10 times the original pace",
    "python producer.py --source replay --file trades.csv --shift --loop": "1 times the original pace",
    "python anomaly_detector.py watch --webhook http://localhost:9000/alerts --webhook-rate 10": "watching",
}
# One after the other; what stands in a line runs side by side.
MARKET = (
    (
        "python producer.py --rate 5000 --count 10000",
        "python producer.py --rate max --count 30000 --seed 7",
        "python producer.py --symbols AAPL,MSFT --anomaly-rate 0.05 --anomaly-magnitude 2",
        "python producer.py --symbols 1000 --correlation 0.5 --bursts 390m",
    ),
)
REST = (
    (
        "python anomaly_detector.py train",
        "python database.py export trades.parquet --last 1h",
        "python consumer.py --replay-dead-letters",
    ),
    (
        "python anomaly_detector.py analyze AAPL --last 1h --format json",
        "python producer.py --source replay --file trades.parquet --speed max",
        "python producer.py --source replay --file trades.csv",
    ),
    (
        "python anomaly_detector.py evaluate --file tape.jsonl",
        "python producer.py --source replay --file trades.parquet --speed 10",
        "python producer.py --source replay --file trades.csv --shift --loop",
        "python anomaly_detector.py watch --webhook http://localhost:9000/alerts --webhook-rate 10",
        "python database.py status",
    ),
    (
        "python database.py rebuild",
        "python database.py rebuild AAPL",
        "python database.py rebuild AAPL --since 2026-11-20",
    ),
    ("python test_system.py --audit", "python test_system.py"),
)
MESSAGES = """
    SELECT row_to_json(message)::text
    FROM (
        SELECT trade_id, "timestamp", symbol, price, volume, trade_type, source, anomaly
        FROM trades WHERE symbol = 'AAPL' ORDER BY "timestamp" LIMIT 3000
    ) AS message
"""
FIRST, LAST = "./start.sh --servers", "./stop.sh"


@pytest.fixture
def system(servers: Scratch, tmp_path: Path) -> Iterator[Settings]:
    with fresh(servers.settings, tmp_path) as made:
        yield made


@pytest.fixture
def terminals(system: Settings, tmp_path: Path) -> Terminals:
    (tmp_path / "tape").mkdir()
    port = {"STREAMLIT_SERVER_PORT": str(system.dashboard_port)}
    return Terminals(tmp_path / "tape", environment_of(system) | port)


def side_by_side(terminals: Terminals, waves: Sequence[Sequence[str]]) -> None:
    def do(command: str) -> None:
        if command in SIGNS:
            terminals.begin(command, SIGNS[command])
        else:
            terminals.run(command)

    for wave in waves:
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(do, wave))


def answers(settings: Settings, question: str) -> list[Any]:
    """Return the first column of what the database answers."""
    with closing(connect(address_of(settings), "test")) as connection, connection.cursor() as cursor:
        cursor.execute(question)
        return [first for first, *_ in cursor]


def keep_tape(settings: Settings, path: Path) -> None:
    """Keep some labelled trades of one symbol as a file of messages."""
    path.write_text("\n".join(answers(settings, MESSAGES)), "utf-8")


@pytest.mark.timeout(1800)
def test_a_reader_types_it_all(terminals: Terminals, system: Settings) -> None:
    with ExitStack() as stack:
        # Also where one of the commands fails: what the first one began must not stay.
        stack.callback(terminals.run, LAST)
        terminals.run(FIRST)
        opened = [stack.enter_context(terminals.opened(command)) for command in LASTING]
        side_by_side(terminals, MARKET)
        until(lambda: answers(system, "SELECT count(*) FROM trades")[0] > 40_000, TIMEOUT)
        terminals.run("python database.py export trades.csv")
        keep_tape(system, terminals.folder / "tape.jsonl")
        side_by_side(terminals, REST)
        for terminal in opened:
            terminal.interrupt()


def test_every_command_of_the_documents_runs() -> None:
    here = {FIRST, LAST, *LASTING, *(command for wave in (*MARKET, *REST) for command in wave)}
    told = set(commands())
    assert sorted(each for each in told - here if not elsewhere(each)) == []
    assert sorted(here - told) == [], "no document has it any more"
    assert [pattern for pattern in ELSEWHERE if not any(re.fullmatch(pattern, each) for each in told)] == []


@pytest.mark.parametrize("command", [each for each in commands() if elsewhere(each)])
def test_what_runs_elsewhere_stands_there(command: str) -> None:
    text = ""
    for path, _, test in (where.partition("::") for where in elsewhere(command)):
        text += with_imports(PROJECT / path)
        assert not test or f"def {test}(" in text
    # A test that takes its commands from the documents has them all.
    words = [] if "from tests.documented import" in text else shlex.split(command)
    wanted = [word for word in words if word.startswith("--") or word.endswith((".py", ".sh"))]
    assert [word for word in wanted if word.lstrip("-") not in text] == []


def with_imports(path: Path) -> str:
    """Return a file's text, and those of the modules of tests that it imports."""
    text = path.read_text("utf-8")
    found = re.findall(r"^from (tests[\w.]*) import", text, re.MULTILINE)
    return text + "".join((PROJECT / f"{name.replace('.', '/')}.py").read_text("utf-8") for name in found)

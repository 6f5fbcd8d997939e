"""The detector on real servers: train, analyze, and a watch that writes each finding once."""

import csv
import io
import json
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from stockstream.connectors.models.registry import ModelStore
from stockstream.connectors.postgres.connection import Address, Connection, connect
from stockstream.connectors.postgres.read.trade_reader import Span, TradeReader
from stockstream.settings import Settings
from tests.detections import (
    Environment,
    detect,
    examined,
    fill,
    found_in_one_go,
    keys,
    produce,
    store,
    written,
)
from tests.scripts import ran, running
from tests.waiting import until


@pytest.fixture
def history(address: Address) -> Iterator[TradeReader]:
    """Return the stored trades."""
    with closing(TradeReader(address)) as opened:
        yield opened


def test_training_tells_a_line_a_symbol_and_goes_on_after_one_with_too_few(
    environment: Environment, settings: Settings
) -> None:
    fill(environment, 11_000)
    ended = ran(environment, "anomaly_detector.py", "train")
    lines = ended.stdout.splitlines()
    assert ended.returncode == 0
    assert len(lines) == 10
    assert any(
        re.fullmatch(r"AAPL: trained on [\d,]+ trades from .* model [0-9a-f]{12}", line) for line in lines
    )
    assert any(re.fullmatch(r"V: \d+ trades, a model needs at least 1,000", line) for line in lines)
    assert ModelStore(settings.models_dir).load("AAPL") is not None
    assert ModelStore(settings.models_dir).load("V") is None


def test_training_with_too_few_of_all_fails(environment: Environment) -> None:
    fill(environment, 500)
    ended = ran(environment, "anomaly_detector.py", "train", "AAPL", "NONE")
    assert ended.returncode == 1
    assert re.search(r"^AAPL: \d+ trades, a model needs at least 1,000$", ended.stdout, re.MULTILINE)
    assert "NONE: 0 trades, a model needs at least 1,000" in ended.stdout


def test_only_what_has_drifted_is_trained_again(environment: Environment, settings: Settings) -> None:
    fill(environment, 30_000)
    trained = detect(environment, "train", "AAPL")
    again = detect(environment, "train", "AAPL", "GOOGL", "--if-drifted").splitlines()
    assert "trained on" in trained
    assert again[0].startswith("AAPL: no drift; ")
    assert again[1].startswith("GOOGL: trained on ")
    note = ModelStore(settings.models_dir).note()
    assert note is not None
    assert (note.symbol, note.drifted) == ("AAPL", 0)


def test_analysis_says_the_same_in_three_formats_and_writes_nothing(
    environment: Environment, connection: Connection, settings: Settings
) -> None:
    fill(environment, 20_000)
    detect(environment, "train", "AAPL")
    as_json = json.loads(detect(environment, "analyze", "AAPL", "--format", "json"))
    as_csv = list(csv.DictReader(io.StringIO(detect(environment, "analyze", "aapl", "--format", "csv"))))
    as_table = detect(environment, "analyze", "AAPL")
    assert as_json
    assert set(as_json[0]) == {
        *("symbol", "kind", "source", "trade_id", "start", "end", "score", "threshold", "methods"),
        *("explanation", "model_version"),
    }
    assert [each["explanation"] for each in as_csv] == [each["explanation"] for each in as_json]
    assert as_table.splitlines()[-1] == f"{len(as_json)} findings"
    assert all(each["score"] > each["threshold"] for each in as_json)
    model = ModelStore(settings.models_dir).load("AAPL")
    assert model is not None
    assert {each["model_version"] for each in as_json} == {model.version}
    assert written(connection) == []


def test_analysis_of_a_part_finds_what_analysis_of_all_finds_there(
    environment: Environment, history: TradeReader
) -> None:
    fill(environment, 20_000)
    trades = history.newest("AAPL", 10**6, Span())
    middle = trades.moment(len(trades) // 2).isoformat()
    everything = json.loads(detect(environment, "analyze", "AAPL", "--format", "json"))
    later = json.loads(detect(environment, "analyze", "AAPL", "--since", middle, "--format", "json"))
    since = datetime.fromisoformat(middle)
    assert later
    assert [each["trade_id"] for each in later] == [
        each["trade_id"] for each in everything if datetime.fromisoformat(each["end"]) >= since
    ]


def test_analysis_holds_each_symbol_against_the_market_as_a_stream_of_all_does(
    environment: Environment, connection: Connection, settings: Settings
) -> None:
    fill(environment, 15_000)
    detect(environment, "train")
    told = json.loads(detect(environment, "analyze", "--format", "json"))
    streamed = found_in_one_go(connection, ModelStore(settings.models_dir))
    assert told
    assert sorted(each["explanation"] for each in told) == sorted(each.explanation for each in streamed)


def test_analysis_without_a_model_says_so(environment: Environment) -> None:
    fill(environment, 5_000)
    ended = ran(environment, "anomaly_detector.py", "analyze", "AAPL", "--last", "1h", "--format", "json")
    assert ended.returncode == 0
    assert "AAPL: no model yet, z-score and sequence rules alone" in ended.stderr
    assert {each["model_version"] for each in json.loads(ended.stdout)} <= {"none"}


def test_a_changed_model_is_refused_in_one_line(environment: Environment, settings: Settings) -> None:
    fill(environment, 12_000)
    detect(environment, "train", "AAPL")
    (arrays,) = Path(settings.models_dir).glob("AAPL-*.npz")
    arrays.write_bytes(arrays.read_bytes() + b"x")
    ended = ran(environment, "anomaly_detector.py", "analyze", "AAPL", "--format", "json")
    assert ended.returncode == 0
    (line,) = ended.stderr.splitlines()
    assert re.search(
        r"AAPL.json is refused \(changed: .*\); run: python anomaly_detector.py train AAPL", line
    )


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (["analyze", "NOPE"], 1, "no trades of NOPE are stored; stored symbols: none"),
        (["analyze"], 0, "no trades are stored yet"),
        (["train"], 1, "no trades are stored yet"),
        (["analyze", "--since", "yesterday"], 2, "'yesterday' is not a time such as"),
        (["analyze", "--last", "1x"], 2, "'1x' is not a duration such as"),
        (["analyze", "--last", "1h", "--since", "2026-01-01"], 2, "--last stands alone"),
        (["analyze", "--since", "2026-01-02", "--until", "2026-01-01"], 2, "is not before --until"),
        (["train", "--budget", "0"], 2, "'0' is not a number above zero"),
        (["watch", "--last", "1h"], 2, "unrecognized arguments"),
        (["watch", "--webhook", "nowhere"], 2, "--webhook nowhere is not an address"),
        (["evaluate", "--trades", "5"], 2, "'5' is too few"),
        (["evaluate", "--share", "0.9"], 2, "'0.9' is not a share"),
        (["evaluate", "--file", "nowhere.jsonl"], 2, "nowhere.jsonl cannot be read"),
    ],
)
def test_what_cannot_be_answered_is_a_plain_line(
    environment: Environment, arguments: list[str], code: int, line: str
) -> None:
    ended = ran(environment, "anomaly_detector.py", *arguments)
    assert ended.returncode == code
    assert line in ended.stderr
    assert "Traceback" not in ended.stderr


def test_no_trades_in_the_span_is_an_empty_answer(environment: Environment) -> None:
    fill(environment, 3_000)
    ended = ran(
        environment, "anomaly_detector.py", "analyze", "AAPL", "--until", "2001-01-01", "--format", "json"
    )
    assert json.loads(ended.stdout) == []
    assert "AAPL: no trades in that span; the newest is of " in ended.stderr


def test_prices_and_sizes_that_are_no_numbers_are_left_out(
    environment: Environment, connection: Connection
) -> None:
    fill(environment, 5_000)
    with connection, connection.cursor() as cursor:
        cursor.execute("UPDATE trades SET price = 'NaN' WHERE kafka_offset % 50 = 0")
        cursor.execute("UPDATE trades SET volume = 'Infinity' WHERE kafka_offset % 70 = 0")
    ended = ran(environment, "anomaly_detector.py", "analyze", "NVDA", "--format", "json")
    assert ended.returncode == 0
    assert "Warning" not in ended.stderr
    assert all("nan" not in each["explanation"] for each in json.loads(ended.stdout))


@pytest.mark.parametrize("is_stored", [pytest.param(False, marks=pytest.mark.smoke), True])
def test_a_watch_that_is_killed_writes_each_finding_once(
    environment: Environment, connection: Connection, settings: Settings, *, is_stored: bool
) -> None:
    produce(environment, 15_000, seed=1)
    if is_stored:
        # What the watch remembers then comes from the tape; without the tape, from the topic.
        store(environment)
        ran(environment, "anomaly_detector.py", "train")
    with running(environment, "anomaly_detector.py", "watch") as watch:
        until(lambda: examined(connection) > 0, timeout=30)
        watch.kill()
    produce(environment, 9_000, seed=2)
    detect(environment, "watch", "--exit-when-idle", "1")
    once = written(connection)
    store(environment)
    assert examined(connection) == 24_000
    assert len(once) == len(set(once)) > 0
    assert set(once) == keys(found_in_one_go(connection, ModelStore(settings.models_dir)))


def test_a_watch_that_reads_a_topic_again_writes_nothing_new(
    environment: Environment, connection: Connection
) -> None:
    produce(environment, 8_000, seed=3)
    detect(environment, "watch", "--exit-when-idle", "1")
    first = written(connection)
    with connection, connection.cursor() as cursor:
        cursor.execute("UPDATE ingest_offsets SET next_offset = 0 WHERE job = 'detector'")
    detect(environment, "watch", "--exit-when-idle", "1")
    assert sorted(written(connection), key=str) == sorted(first, key=str)
    assert first


def test_a_watch_trains_by_itself_and_ends_at_a_signal(environment: Environment, settings: Settings) -> None:
    fill(environment, 12_000)
    models = ModelStore(settings.models_dir)
    with running(environment, "anomaly_detector.py", "watch") as watch:
        until(lambda: models.load("AAPL") is not None and models.load("NVDA") is not None, timeout=40)
        watch.terminate()
        assert watch.wait(timeout=60) == 0
        said = watch.stderr.read() if watch.stderr else ""
    assert "NVDA: trained on " in said
    assert "Traceback" not in said


def test_a_watch_goes_on_while_it_learns(
    environment: Environment, connection: Connection, address: Address, settings: Settings
) -> None:
    fill(environment, 3_000)
    models = ModelStore(settings.models_dir)
    with (
        running(environment, "anomaly_detector.py", "watch") as watch,
        closing(connect(address, "test")) as holder,
        holder.cursor() as held,
    ):
        until(lambda: examined(connection) == 3_000, timeout=60)
        # Whoever learns reads the tape, and waits as long as another has it.
        held.execute("LOCK TABLE trades IN ACCESS EXCLUSIVE MODE")
        until(lambda: is_waiting_for_the_tape(connection), timeout=60)
        produce(environment, 12_000, seed=8)
        until(lambda: examined(connection) == 15_000, timeout=40)
        assert is_waiting_for_the_tape(connection)
        holder.rollback()
        store(environment)
        until(lambda: models.load("AAPL") is not None, timeout=60)
        watch.terminate()
        assert watch.wait(timeout=60) == 0


def is_waiting_for_the_tape(connection: Connection) -> bool:
    """Return whether a session of the detector's waits for a lock on the trades."""
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE relation = 'trades'::regclass AND NOT granted AND application_name ~ 'history')"
        )
        return bool((cursor.fetchone() or (False,))[0])

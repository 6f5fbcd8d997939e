"""The producer on feeds that want a key: through disconnects, without the key, and silent about it.

There are forty disconnects; FEED_FAULTS plays another number, such as 500 with `--timeout 900`.
"""

import json
import os
import random
import signal
from datetime import datetime
from pathlib import Path

import pytest

from stockstream.connectors.postgres.connection import Connection
from stockstream.market.venues import FEEDS, KEYS
from stockstream.market.venues.gap import BEGAN
from stockstream.services.ports import free_port
from stockstream.settings import Settings
from tests.feeds.fact import Fact
from tests.feeds.languages import LANGUAGES
from tests.feeds.meaning import NUMBERED, PAGED, keys_of, meant
from tests.feeds.playing import playing
from tests.feeds.stock_languages import KEY, SECRET
from tests.feeds.venue import Venue, facts
from tests.integration.candles import aggregate, assert_plain_sql, consume
from tests.integration.test_live_feeds import feeding, sent_so_far
from tests.integration.test_producer import TIMEOUT, producing, total
from tests.integration.topics import rows
from tests.scripts import ran
from tests.waiting import until

FAULTS = ("cut", "bye", "refuse", "garbage")
ROUNDS = int(os.environ.get("FEED_FAULTS", "40")) // len(FAULTS)
TRADES_A_FAULT = 10
A_FAULT = 3.0  # seconds
STORED = "SELECT symbol, timestamp FROM trades"
GAPS = "SELECT symbol, gap_start, gap_end FROM feed_gaps WHERE gap_end IS NOT NULL AND reason <> %s"

Which = tuple[str, datetime]


def named(connection: Connection, happening: list[Fact]) -> set[Which]:
    """Return the trades that lie in a gap of the table."""
    with connection, connection.cursor() as cursor:
        cursor.execute(GAPS, [BEGAN])
        gaps = cursor.fetchall()
    return {
        (fact.symbol, fact.at)
        for fact in happening
        for symbol, start, end in gaps
        if fact.symbol == symbol and start < fact.at < end
    }


@pytest.mark.parametrize("name", [name for name in FEEDS if name not in NUMBERED])
def test_after_many_disconnects_each_trade_is_stored_once_and_candles_are_plain_sql(
    settings: Settings, environment: dict[str, str], connection: Connection, tmp_path: Path, name: str
) -> None:
    faults = list(FAULTS) * ROUNDS
    random.Random(11).shuffle(faults)  # noqa: S311 - no secret
    venue, log = Venue(LANGUAGES[name]), tmp_path / "log"
    happening = facts(venue.language, TRADES_A_FAULT * len(faults))
    last = {meant(fact, name) for fact in happening[-2:]}
    with (
        playing(venue, happening, faults, pace=0.01) as where,
        feeding(environment, log, name, where) as process,
    ):
        until(lambda: len(venue.told) == len(happening), TIMEOUT + A_FAULT * len(faults))
        until(lambda: last <= set(sent_so_far(settings)), TIMEOUT)
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT) == 0, log.read_text()
    assert sorted(venue.faults_done) == sorted(faults)
    sent = sent_so_far(settings)
    assert len({(trade.symbol, trade.trade_id) for trade in sent}) == len(sent)
    consume(environment)
    aggregate(environment)
    assert_plain_sql(connection)
    stored = {(str(symbol), at) for symbol, at in rows(connection, STORED)}
    assert stored == {(trade.symbol, trade.timestamp) for trade in sent}
    first = {trade.symbol: trade.timestamp for trade in reversed(sent)}
    missed = {(fact.symbol, fact.at) for fact in happening if fact.at >= first[fact.symbol]} - stored
    assert missed == (set() if name in PAGED else named(connection, happening))


@pytest.mark.parametrize("name", KEYS)
def test_without_a_key_it_ends_before_anything_is_connected(
    environment: dict[str, str], tmp_path: Path, name: str
) -> None:
    log = tmp_path / "log"
    nowhere = environment | {"KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{free_port()}"}
    with producing(nowhere, log, "--source", name) as process:
        assert process.wait(TIMEOUT) == 2
    (line,) = log.read_text().splitlines()
    assert line == (
        f"producer: {KEYS[name][0].upper()}=: --source {name} needs the key of an account; "
        "set it in .env or in the environment"
    )


@pytest.mark.parametrize("name", KEYS)
def test_a_wrong_key_gets_one_clear_line(environment: dict[str, str], tmp_path: Path, name: str) -> None:
    venue, log = Venue(LANGUAGES[name]), tmp_path / "log"
    wrong = {setting.upper(): "not-the-key-of-anybody" for setting in KEYS[name]}
    options = ["--source", name, "--symbols", "AAPL"]
    with playing(venue, ()) as where:
        addresses = ["--stream-url", f"ws://{where}", "--rest-url", f"http://{where}"]
        with producing(environment | wrong, log, *options, *addresses) as process:
            assert process.wait(TIMEOUT) == 1
    last = log.read_text().splitlines()[-1]
    assert last.startswith(f"producer: {name} does not accept the key (")
    assert "Traceback" not in log.read_text()
    assert "not-the-key-of-anybody" not in log.read_text()


@pytest.mark.parametrize("name", KEYS)
def test_a_key_is_in_no_line_no_command_line_and_no_file(
    settings: Settings, environment: dict[str, str], tmp_path: Path, name: str
) -> None:
    venue, log = Venue(LANGUAGES[name]), tmp_path / "log"
    keys = {setting.upper(): key for setting, key in keys_of(name).items()}
    told = environment | keys | {"LOG_FORMAT": "json"}
    happening = facts(venue.language, 3000)
    with (
        playing(venue, happening, ["cut", "garbage", "bye"], pace=0.005) as where,
        feeding(told, log, name, where) as process,
    ):
        until(lambda: len(venue.faults_done) == 3, TIMEOUT)
        until(lambda: total(settings) > 100, TIMEOUT)
        seen = [Path(f"/proc/{process.pid}/cmdline").read_text("utf-8")]
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT) == 0, log.read_text()
    # The venue is gone: its address is told again and again, and a URL has the key of Finnhub.
    with feeding(told, tmp_path / "gone", name, where) as process:
        until(lambda: "cannot connect" in (tmp_path / "gone").read_text(), TIMEOUT)
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT) == 0
    examined = ran(told, "test_system.py", "--json")
    assert json.loads(examined.stdout)
    usage = ran(told, "producer.py", "--help")
    refused = ran(told | {"KAFKA_PARTITIONS": "0"}, "producer.py", "--source", name)
    assert refused.returncode == 2
    seen += [log.read_text(), (tmp_path / "gone").read_text()]
    seen += [each for done in (examined, usage, refused) for each in (done.stdout, done.stderr)]
    files = [path for path in (settings.data_dir / "producer").rglob("*") if path.is_file()]
    assert files
    seen += [path.read_text("utf-8") for path in files]
    assert not [each for each in seen if KEY in each or SECRET in each]


def test_an_address_that_is_none_is_a_matter_of_usage(environment: dict[str, str], tmp_path: Path) -> None:
    log = tmp_path / "log"
    key = {"FINNHUB_TOKEN": KEY}
    with producing(environment | key, log, "--source", "finnhub", "--stream-url", "ws.finnhub.io") as process:
        assert process.wait(TIMEOUT) == 2
    (line,) = log.read_text().splitlines()
    assert "--stream-url ws.finnhub.io: needs an address that begins with ws:// or wss://" in line
    assert KEY not in line

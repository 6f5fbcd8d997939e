"""The producer on a venue's feed, as a process: killed, stopped, refused; the topic has each trade once."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from operator import attrgetter
from pathlib import Path
from subprocess import Popen

import pytest

from stockstream.connectors.kafka.tail import values_between
from stockstream.connectors.kafka.topic import bounds
from stockstream.jobs.produce.live_produced import produced
from stockstream.market.trade.codec import decode, encode
from stockstream.market.trade.schema import Trade
from stockstream.market.venues import FEEDS, FeedPosition
from stockstream.settings import Settings
from tests.feeds.languages import LANGUAGES
from tests.feeds.meaning import NUMBERED, PAGED, keys_of, meant
from tests.feeds.playing import playing
from tests.feeds.venue import Venue, facts
from tests.integration.test_producer import TIMEOUT, messages, producing, total, trades
from tests.integration.transactions import transactions
from tests.waiting import until

FAULTS = ("skip", "cut", "repeat", "garbage", "bye", "refuse")


@contextmanager
def feeding(environment: dict[str, str], log: Path, venue: str, where: str) -> Iterator[Popen[bytes]]:
    """Run the producer on a venue that is here."""
    symbols = ",".join(LANGUAGES[venue].symbols)
    options = ["--stream-url", f"ws://{where}", "--rest-url", f"http://{where}", "--symbols", symbols]
    keys = {name.upper(): key for name, key in keys_of(venue).items()}
    with producing(environment | keys, log, "--source", venue, *options) as process:
        yield process


def sent_so_far(settings: Settings) -> list[Trade]:
    """Return the trades of the topic while more may come."""
    spans = bounds(settings.kafka_bootstrap_servers, settings.kafka_topic)
    return [*map(decode, values_between(settings.kafka_bootstrap_servers, settings.kafka_topic, spans))]


@pytest.mark.parametrize("name", PAGED)
def test_a_feed_that_is_killed_goes_on_with_each_trade_once(
    settings: Settings, environment: dict[str, str], tmp_path: Path, name: str
) -> None:
    venue = Venue(LANGUAGES[name])
    happening = facts(venue.language, 2000)
    with playing(venue, happening, FAULTS) as where:
        for turn, end in enumerate((signal.SIGKILL, signal.SIGTERM)):
            before = total(settings)
            with feeding(environment, tmp_path / f"log{turn}", name, where) as process:
                until(lambda before=before: total(settings) > before + 150, TIMEOUT)  # type: ignore[misc]
                process.send_signal(end)
                assert process.wait(TIMEOUT) == (0 if end == signal.SIGTERM else -9)
            if not turn:
                first = {trade.symbol: trade.timestamp for trade in reversed(trades(settings))}
        with feeding(environment, tmp_path / "last", name, where) as process:
            until(lambda: len(venue.told) == len(happening), TIMEOUT)
            expected = [meant(fact, name) for fact in happening if fact.at >= first[fact.symbol]]
            until(lambda: set(expected) <= set(sent_so_far(settings)), TIMEOUT)
            process.send_signal(signal.SIGTERM)
            assert process.wait(TIMEOUT) == 0, (tmp_path / "last").read_text()
    # Without numbers, a trade that was left out comes late, and a few of before the first come too.
    sent = [trade for trade in trades(settings) if trade.timestamp >= first[trade.symbol]]
    if name not in NUMBERED:
        sent.sort(key=attrgetter("timestamp"))
    for symbol in venue.language.symbols:
        mine = [trade for trade in sent if trade.symbol == symbol]
        assert mine == [trade for trade in expected if trade.symbol == symbol]
    assert {message.key() for message in messages(settings)} == {s.encode() for s in venue.language.symbols}
    assert "goes on after" in (tmp_path / "last").read_text()


def test_the_topic_tells_where_to_go_on_when_the_places_are_gone(
    settings: Settings, environment: dict[str, str], tmp_path: Path
) -> None:
    venue = Venue(LANGUAGES["kraken"])
    with playing(venue, facts(venue.language, 6000)) as where:
        for turn in range(2):
            before = total(settings)
            elsewhere = environment | {"DATA_DIR": str(tmp_path / f"data{turn}")}
            with feeding(elsewhere, tmp_path / "log", "kraken", where) as process:
                until(lambda before=before: total(settings) > before + 100, TIMEOUT)  # type: ignore[misc]
                process.send_signal(signal.SIGTERM)
                assert process.wait(TIMEOUT) == 0
    ids = [(trade.symbol, trade.trade_id) for trade in trades(settings)]
    assert len(ids) == len(set(ids))


def test_a_feed_goes_on_after_the_last_committed_trade_of_a_transactional_producer(
    settings: Settings, environment: dict[str, str], tmp_path: Path
) -> None:
    venue = Venue(LANGUAGES["kraken"])
    happening, log = facts(venue.language, 400), tmp_path / "log"
    with transactions(settings) as writer:
        writer.commit(*(encode(meant(fact, "kraken")) for fact in happening[:20]))
        writer.abort(*(encode(meant(fact, "kraken")) for fact in happening[20:25]))
    last = {fact.symbol: FeedPosition(fact.number, fact.at) for fact in happening[:20]}
    look = produced(
        settings.kafka_bootstrap_servers,
        settings.kafka_topic,
        FEEDS["kraken"](),
        venue.language.symbols,
        None,
    )
    assert look == last
    with playing(venue, happening) as where, feeding(environment, log, "kraken", where) as process:
        until(lambda: len(venue.told) == len(happening), TIMEOUT)
        until(lambda: total(settings) >= len(happening) + 7, TIMEOUT)
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT) == 0, log.read_text()
    assert all(f"goes on after trade {position.number} of" in log.read_text() for position in last.values())
    sent = sorted((trade.symbol, int(trade.trade_id)) for trade in sent_so_far(settings))
    assert sent == sorted((fact.symbol, fact.number) for fact in happening)


def test_a_venue_that_does_not_serve_this_place_gets_one_clear_line(
    environment: dict[str, str], tmp_path: Path
) -> None:
    venue, log = Venue(LANGUAGES["binance"]), tmp_path / "log"
    venue.status = HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS
    with playing(venue, ()) as where, feeding(environment, log, "binance", where) as process:
        assert process.wait(TIMEOUT) == 1
    last = log.read_text().splitlines()[-1]
    assert last.startswith("producer: binance does not serve this place (HTTP 451); take another --source")
    assert "Traceback" not in log.read_text()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--source", "kraken", "--rate", "5"], "--rate: --source kraken has no such option, only synthetic"),
        (["--stream-url", "ws://x"], "--stream-url: --source synthetic has no such option"),
        (["--source", "kraken", "--symbols", "btc!"], "symbols as the venue spells them"),
    ],
)
def test_an_option_of_another_source_is_refused(tmp_path: Path, arguments: list[str], told: str) -> None:
    log = tmp_path / "log"
    with producing({}, log, *arguments) as process:
        assert process.wait(TIMEOUT) == 2
    (line,) = log.read_text().splitlines()
    assert told in line

"""Gaps of a feed on their way to PostgreSQL: kept through kills and outages, never in a trade's way."""

import signal
from contextlib import closing
from datetime import datetime
from http import HTTPStatus
from itertools import groupby
from pathlib import Path

import pytest

from stockstream.connectors.kafka.topic import ensure_topic
from stockstream.connectors.postgres.connection import Address, Connection
from stockstream.connectors.postgres.read.probes import Probes
from stockstream.connectors.postgres.store.feed_gaps import FeedGaps
from stockstream.errors import StatementRefusedError
from stockstream.jobs.health.gaps import judge_gaps
from stockstream.market.venues import FEEDS, Gap
from stockstream.market.venues.gap import BEGAN
from stockstream.services.ports import free_port
from stockstream.settings import Settings
from tests.feeds.fact import BEGIN, Fact
from tests.feeds.languages import LANGUAGES
from tests.feeds.playing import playing
from tests.feeds.venue import Venue, facts
from tests.fresh import environment_of
from tests.integration.test_live_feeds import feeding
from tests.integration.test_producer import TIMEOUT, total, trades
from tests.integration.users import users
from tests.waiting import until

Kept = tuple[str, datetime, datetime | None, int | None, str]


def kept(connection: Connection) -> list[Kept]:
    """Return what the table says, by symbol and time."""
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT symbol, gap_start, gap_end, missing_trades, reason FROM feed_gaps"
            " ORDER BY symbol, gap_start"
        )
        return cursor.fetchall()


def of_symbol(happening: list[Fact], symbol: str) -> list[Fact]:
    return [fact for fact in happening if fact.symbol == symbol]


@pytest.mark.parametrize("name", FEEDS)
def test_the_minute_in_which_a_feed_begins_is_kept(
    settings: Settings, environment: dict[str, str], connection: Connection, tmp_path: Path, name: str
) -> None:
    venue = Venue(LANGUAGES[name])
    with (
        playing(venue, facts(venue.language, 4000)) as where,
        feeding(environment, tmp_path / "log", name, where) as process,
    ):
        until(lambda: len(kept(connection)) == 2, TIMEOUT)
        until(lambda: total(settings) > 100, TIMEOUT)
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT) == 0, (tmp_path / "log").read_text()
    first = {trade.symbol: trade.timestamp for trade in reversed(trades(settings))}
    minutes = {symbol: at.replace(second=0, microsecond=0) for symbol, at in first.items()}
    assert kept(connection) == [(each, minutes[each], first[each], None, BEGAN) for each in sorted(first)]
    assert list((settings.data_dir / "producer").rglob("*.gaps.json")) == []


def test_what_was_missed_between_two_runs_is_filled_by_time_or_kept(
    settings: Settings, environment: dict[str, str], connection: Connection, tmp_path: Path
) -> None:
    topic = settings.model_copy(update={"kafka_topic": f"{settings.kafka_topic}_1", "kafka_partitions": 1})
    ensure_topic(topic.kafka_bootstrap_servers, topic.kafka_topic, 1)
    there = environment | environment_of(topic)
    venue = Venue(LANGUAGES["coinbase"])
    happening = facts(venue.language, 5000)
    symbol = venue.language.symbols[0]
    mine = of_symbol(happening, symbol)
    venue.forgotten = frozenset(mine[2400:2410])
    with playing(venue, happening, pace=0.003) as where:
        with feeding(there, tmp_path / "log", "coinbase", where) as process:
            until(lambda: total(topic) > 50, TIMEOUT)
            process.send_signal(signal.SIGKILL)
            process.wait(TIMEOUT)
        before = total(topic)
        until(lambda: len(venue.told) == len(happening), TIMEOUT)
        first = {trade.symbol: int(trade.trade_id) for trade in reversed(trades(topic))}
        expected = [fact for fact in happening if fact.number >= first[fact.symbol]]
        with feeding(there, tmp_path / "again", "coinbase", where) as process:
            until(lambda: total(topic) >= len(expected) - 10, TIMEOUT)
            until(lambda: len(kept(connection)) == 3, TIMEOUT)
            process.send_signal(signal.SIGTERM)
            assert process.wait(TIMEOUT) == 0, (tmp_path / "again").read_text()
    filled = trades(topic)[before:]
    assert [trade.timestamp for trade in filled] == sorted(trade.timestamp for trade in filled)
    assert max(len(list(run)) for _, run in groupby(trade.symbol for trade in filled)) <= 12
    (gap,) = (each for each in kept(connection) if each[3])
    reason = "the venue does not give them: its pages do not have them"
    assert gap == (symbol, mine[2399].at, mine[2410].at, 10, reason)


def test_trades_do_not_wait_for_a_database_that_is_away_and_gaps_are_written_later(
    settings: Settings, environment: dict[str, str], connection: Connection, tmp_path: Path
) -> None:
    venue, log = Venue(LANGUAGES["binance"]), tmp_path / "log"
    venue.rest_status = HTTPStatus.UNAUTHORIZED
    away = environment | {"POSTGRES_PORT": str(free_port())}
    with playing(venue, facts(venue.language, 4000), ["repeat", "skip", "skip"], pace=0.001) as where:
        with feeding(away, log, "binance", where) as process:
            until(lambda: len(venue.told) == 4000, TIMEOUT)
            until(lambda: log.read_text().count("were numbered and not given") == 2, TIMEOUT)
            until(lambda: total(settings) > 2900, TIMEOUT)
            process.send_signal(signal.SIGKILL)
            process.wait(TIMEOUT)
        assert kept(connection) == []
        (line,) = (each for each in log.read_text().splitlines() if "gaps of the feed" in each)
        assert "wait in" in line
        assert "cannot reach PostgreSQL" in line
        with feeding(environment, tmp_path / "again", "binance", where) as process:
            until(lambda: len(kept(connection)) == 4, TIMEOUT)
            process.send_signal(signal.SIGTERM)
            assert process.wait(TIMEOUT) == 0, (tmp_path / "again").read_text()
    assert [gap[0] for gap in kept(connection) if gap[4] == BEGAN] == sorted(venue.language.symbols)
    assert [gap[3] for gap in kept(connection) if gap[4] != BEGAN] == [1, 1]
    assert list((settings.data_dir / "producer").rglob("*.gaps.json")) == []


def test_what_is_told_again_changes_nothing_and_what_is_known_better_replaces_it(
    address: Address, connection: Connection
) -> None:
    table, end = FeedGaps(address, "kraken"), BEGIN.replace(minute=5)
    old, later = Gap("X", BEGIN, None, None, "refused"), Gap("X", end, None, 3, "away")
    FeedGaps(address, "coinbase").write([old])
    for _ in range(2):
        table.write([old, later])
    assert [row[1] for row in kept(connection)] == [BEGIN, BEGIN, end]
    table.write([Gap("X", BEGIN, end, 7, "known")])
    table.write([Gap("Y", BEGIN, end, 0, "")])
    assert [row[4] for row in kept(connection)] in (["known", "refused"], ["refused", "known"])
    table.write([Gap("X", BEGIN, end, 0, "")])
    assert [row[4] for row in kept(connection)] == ["refused"]


def test_the_examination_tells_of_the_gaps_of_a_day(address: Address, connection: Connection) -> None:
    with closing(Probes(address, "t")) as probes:
        assert judge_gaps(probes.newest_gap()) == []
        FeedGaps(address, "kraken").write([Gap("X", BEGIN, None, None, "a"), Gap("Y", BEGIN, None, 3, "b")])
        (check,) = judge_gaps(probes.newest_gap())
        assert (
            check.detail == "2 noted within a day, the newest: Y of kraken after 2026-11-23 10:00:00 UTC (b)"
        )
        with connection, connection.cursor() as cursor:
            cursor.execute("UPDATE feed_gaps SET noted_at = now() - interval '2 days'")
        assert judge_gaps(probes.newest_gap()) == []


def test_a_producer_with_a_user_of_its_own_writes_gaps_and_nothing_else(
    address: Address, connection: Connection
) -> None:
    with users(address) as people:
        FeedGaps(people["producer"], "kraken").write([Gap("X", BEGIN, None, None, "refused")])
        assert len(kept(connection)) == 1
        with pytest.raises(StatementRefusedError):
            FeedGaps(people["writer"], "kraken").write([Gap("X", BEGIN, None, None, "refused")])

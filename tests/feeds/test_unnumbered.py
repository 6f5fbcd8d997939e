"""Venues that number no trades: what the stream missed is known by time and id, or is a gap that is told."""

import asyncio
import os
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from http import HTTPStatus

import pytest

from stockstream.connectors.venues import Stream
from stockstream.connectors.venues.following_by_time import NO_PAGES
from stockstream.market.trade.schema import Trade
from stockstream.market.venues import FEEDS, Gap, RecentTrades
from stockstream.market.venues.gap import BEGAN
from tests.feeds.fact import BEGIN, Fact
from tests.feeds.languages import LANGUAGES
from tests.feeds.loops import ran_alone
from tests.feeds.meaning import NUMBERED, PAGED, feed_at, meant, positions
from tests.feeds.test_gaps import Heard, Scene, listening, of_symbol
from tests.feeds.test_stream import QUICK, TRADES_A_FAULT, Listening
from tests.feeds.venue import Venue, facts

UNNUMBERED = [name for name in FEEDS if name not in NUMBERED]
TIMED = [name for name in UNNUMBERED if name in PAGED]
# A venue without numbers and pages can leave nothing out, and repeat nothing on one connection, unnoticed.
FAULTS = ("cut", "bye", "stall", "garbage", "refuse")
ROUNDS = int(os.environ.get("FEED_FAULTS", "50")) // len(FAULTS)


async def begun(scene: Scene, happening: Sequence[Fact]) -> None:
    """Play until each symbol is heard."""
    venue = scene.venue
    while len({trade.symbol for trade in scene.heard.trades}) < len(venue.language.symbols):
        await venue.play(happening[len(venue.told) : len(venue.told) + 2], pace=0.02)


def heard_of(name: str, venue: Venue, play: Callable[[Scene], Awaitable[None]]) -> Heard:
    return ran_alone(listening(name, venue, {}, play))


def test_what_was_sent_while_finnhub_was_away_is_exactly_what_the_gaps_name() -> None:
    faults = list(FAULTS) * ROUNDS
    random.Random(7).shuffle(faults)  # noqa: S311 - no secret
    venue = Venue(LANGUAGES["finnhub"])
    happening = facts(venue.language, TRADES_A_FAULT * len(faults))

    async def play(scene: Scene) -> None:
        await begun(scene, happening)
        await venue.play(happening[len(venue.told) :], faults)
        last = {meant(fact, "finnhub") for fact in happening[-2:]}
        while not last <= set(scene.heard.trades):  # noqa: ASYNC110 - it looks on
            await asyncio.sleep(0.01)

    heard = heard_of("finnhub", venue, play)
    assert sorted(venue.faults_done) == sorted(faults)
    given = [(trade.symbol, trade.timestamp) for trade in heard.trades]
    assert len(given) == len(set(given))
    for symbol in venue.language.symbols:
        first = next(trade for trade in heard.trades if trade.symbol == symbol)
        gaps = [gap for gap in heard.gaps if gap.symbol == symbol and gap.end and gap.reason != BEGAN]
        assert {gap.missing for gap in gaps} == {None}
        mine = [fact for fact in of_symbol(happening, symbol) if fact.at >= first.timestamp]
        missed = {fact.at for fact in mine} - {at for other, at in given if other == symbol}
        named = {fact.at for fact in mine for gap in gaps if gap.end and gap.start < fact.at < gap.end}
        assert missed == named
        assert missed


def test_a_venue_without_pages_tells_of_a_gap_before_the_next_trade_comes() -> None:
    venue = Venue(LANGUAGES["finnhub"])
    happening = facts(venue.language, 200)

    async def play(scene: Scene) -> None:
        await begun(scene, happening)
        await venue.play(happening[len(venue.told) : len(venue.told) + 4], ["cut"], pace=0.02)
        await scene.gaps(4)

    heard = heard_of("finnhub", venue, play)
    reason = f"the venue does not give them: {NO_PAGES}"
    for symbol in venue.language.symbols:
        mine = [each for each in heard.all if each.symbol == symbol]
        number, gap = next((n, each) for n, each in enumerate(mine) if getattr(each, "reason", "") == reason)
        before = mine[number - 1]
        assert isinstance(before, Trade)
        assert gap == Gap(symbol, before.timestamp, None, None, reason)


@pytest.mark.parametrize("name", TIMED)
def test_a_frame_that_cannot_be_read_is_looked_up_in_the_pages(name: str) -> None:
    venue = Venue(LANGUAGES[name])
    happening = facts(venue.language, 60)

    async def play(scene: Scene) -> None:
        await begun(scene, happening)
        await venue.play(happening[len(venue.told) :], ["garbage"] * 3, pace=0.02)
        last = {meant(fact, name) for fact in happening[-2:]}
        while not last <= set(scene.heard.trades):  # noqa: ASYNC110 - it looks on
            await asyncio.sleep(0.01)

    trades = heard_of(name, venue, play).trades
    for symbol in venue.language.symbols:
        mine = [trade for trade in trades if trade.symbol == symbol]
        expected = [meant(fact, name) for fact in of_symbol(happening, symbol)]
        assert mine == expected[expected.index(mine[0]) :]


@pytest.mark.parametrize("name", TIMED)
def test_pages_that_are_refused_leave_a_gap_from_trade_to_trade(name: str) -> None:
    venue = Venue(LANGUAGES[name])
    happening = facts(venue.language, 400)
    known = happening[:100]
    venue.rest_status = HTTPStatus.FORBIDDEN

    async def play(scene: Scene) -> None:
        venue.told = happening[:300]
        await begun(scene, happening)

    heard = ran_alone(listening(name, venue, positions(known, name), play))
    for symbol in venue.language.symbols:
        (gap,) = (each for each in heard.gaps if each.symbol == symbol)
        first = next(trade for trade in heard.trades if trade.symbol == symbol)
        start, reason = of_symbol(known, symbol)[-1].at, "the venue does not give them: HTTP 403"
        assert gap == Gap(symbol, start, first.timestamp, None, reason)


@pytest.mark.parametrize("name", TIMED)
def test_pages_that_do_not_reach_the_stream_in_time_leave_a_gap(name: str) -> None:
    venue = Venue(LANGUAGES[name])
    happening = facts(venue.language, 400)
    venue.forgotten = frozenset(happening[200:])  # as pages that lie a quarter of an hour behind

    async def play(scene: Scene) -> None:
        venue.told = happening[:300]
        while len(scene.heard.gaps) < 2:
            await venue.play(happening[len(venue.told) : len(venue.told) + 2], pace=0.02)

    heard = ran_alone(listening(name, venue, positions(happening[:100], name), play))
    for symbol in venue.language.symbols:
        (gap,) = (each for each in heard.gaps if each.symbol == symbol)
        assert gap.start == of_symbol(happening[:200], symbol)[-1].at
        assert gap.reason == "the venue does not give them: its pages do not have them"


@pytest.mark.parametrize("name", TIMED)
def test_a_trade_that_is_reported_late_is_given(name: str) -> None:
    venue = Venue(LANGUAGES[name])
    happening = facts(venue.language, 3000)
    known = [fact for number, fact in enumerate(happening[:2000]) if number not in (2, 3)]
    late = happening[2:4]  # half a minute and more before the newest

    async def play(scene: Scene) -> None:
        venue.told = list(known)
        await begun(scene, happening[2:])
        await venue.play(late, pace=0.02)
        await scene.trades(len(scene.heard.trades))
        while not {meant(fact, name) for fact in late} <= set(scene.heard.trades):  # noqa: ASYNC110 - it looks on
            await asyncio.sleep(0.01)

    heard = ran_alone(listening(name, venue, positions(known, name), play))
    assert not [gap for gap in heard.gaps if gap.missing or gap.reason]


def test_equal_trades_of_one_connection_are_two_and_a_repeated_one_is_the_same() -> None:
    venue = Venue(LANGUAGES["finnhub"])
    fact, *_ = facts(venue.language, 1)
    equals = [fact, fact, fact]

    async def scene() -> Listening:
        heard = Listening()
        async with venue.open() as where:
            stream = Stream(feed_at("finnhub", where), [fact.symbol], {}, QUICK)
            running = asyncio.create_task(stream.run(heard.take))
            while not heard.trades:
                await venue.play(equals[:1], pace=0.05)
            await venue.play(equals, pace=0.01)
            await heard.until(4, running)
            # The venue says its last trade again to whoever subscribes.
            await venue.play(equals[:2], ["cut"])
            other = Fact(fact.number + 9, fact.symbol, fact.price, fact.size, fact.buyer_takes)
            while not any(trade.timestamp == other.at for trade in heard.trades):
                await venue.play([other], pace=0.05)
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
        return heard

    trades = ran_alone(scene()).trades
    equal = [trade.trade_id for trade in trades if trade.timestamp == fact.at]
    name = meant(fact, "finnhub").trade_id
    assert equal == [name, *(f"{name}-{number}" for number in range(2, len(equal) + 1))]
    assert len(equal) >= 4


def test_what_may_come_again_while_pages_are_read_is_remembered() -> None:
    trades, minute = RecentTrades({}), timedelta(minutes=1)
    for number in range(10):
        trades.add("X", str(number), BEGIN + number * minute, until=BEGIN)
    assert all(trades.has("X", str(number)) for number in range(10))
    trades.add("X", "10", BEGIN + 10 * minute)
    assert not trades.has("X", "9")

"""A venue's stream through disconnects, gaps, repeats, stalls and garbage: each trade once, in order.

There are fifty of them; FEED_FAULTS plays another number, such as 500 with `--timeout 900`.
"""

import asyncio
import os
import random
from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus
from operator import attrgetter

import pytest

from stockstream.connectors.venues import Stream, Timing
from stockstream.errors import FeedBlockedError
from stockstream.market.trade.schema import Trade
from tests.feeds.fact import Fact
from tests.feeds.languages import LANGUAGES
from tests.feeds.loops import ran_alone
from tests.feeds.meaning import NUMBERED, PAGED, feed_at, meant, positions
from tests.feeds.venue import FAULTS, Venue, facts

QUICK = Timing(first=0.01, longest=0.05, fills=(0.02, 0.05, 0.1, 0.2, 0.4))
TIMEOUT = 180.0
ROUNDS = int(os.environ.get("FEED_FAULTS", "50")) // len(FAULTS)
TRADES_A_FAULT = 30


class Listening:
    """What a stream has given."""

    def __init__(self) -> None:
        self.trades: list[Trade] = []

    async def take(self, trades: Sequence[Trade]) -> None:
        """Keep them."""
        self.trades += trades

    async def until(self, number: int, running: asyncio.Task[None]) -> None:
        """Wait for so many, or for the stream's end."""
        async with asyncio.timeout(TIMEOUT):
            while len(self.trades) < number and not running.done():  # noqa: ASYNC110 - a test looks on
                await asyncio.sleep(0.01)

    def of(self, symbol: str) -> list[Trade]:
        """Return those of a symbol."""
        return [trade for trade in self.trades if trade.symbol == symbol]


async def heard(
    name: str, venue: Venue, happening: list[Fact], faults: Sequence[str]
) -> tuple[Stream, Listening]:
    """Play trades with faults to a stream, wait until it has them all, and a moment for what is too much."""
    listening = Listening()
    async with venue.open() as where:
        stream = Stream(feed_at(name, where), venue.language.symbols, {}, QUICK)
        running = asyncio.create_task(stream.run(listening.take))
        await venue.play(happening[:10])
        while len({trade.symbol for trade in listening.trades}) < len(venue.language.symbols):
            await venue.play(happening[len(venue.told) : len(venue.told) + 2], pace=0.01)
        await venue.play(happening[len(venue.told) :], faults)
        begun = {symbol: listening.of(symbol)[0].timestamp for symbol in venue.language.symbols}
        expected = [fact for fact in happening if fact.at >= begun[fact.symbol]]
        await listening.until(len(expected) - stream.missing, running)
        await asyncio.sleep(0.2)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    return stream, listening


@pytest.mark.parametrize("name", PAGED)
def test_many_faults_lose_and_double_nothing(name: str) -> None:
    faults = list(FAULTS) * ROUNDS
    random.Random(7).shuffle(faults)  # noqa: S311 - no secret
    # Without numbers, a trade that the stream leaves out is found with the next connection, and comes late.
    faults += [] if name in NUMBERED else ["cut"]
    venue = Venue(LANGUAGES[name])
    happening = facts(venue.language, TRADES_A_FAULT * len(faults))
    stream, listening = ran_alone(heard(name, venue, happening, faults))
    assert sorted(venue.faults_done) == sorted(faults)
    for symbol in venue.language.symbols:
        got = listening.of(symbol)
        if name not in NUMBERED:
            # What the venue repeats from before the first trade cannot be told from a late report.
            got = sorted((t for t in got if t.timestamp >= got[0].timestamp), key=attrgetter("timestamp"))
        all_of_it = [meant(fact, name) for fact in happening if fact.symbol == symbol]
        assert got == all_of_it[all_of_it.index(got[0]) :]
        assert len(got) > 0.9 * len(all_of_it)
    assert stream.connections > 3 * ROUNDS  # four of the faults end a connection
    assert stream.garbage >= ROUNDS


@pytest.mark.parametrize("name", PAGED)
def test_a_stream_goes_on_after_its_places(name: str) -> None:
    venue = Venue(LANGUAGES[name])
    happening = facts(venue.language, 2600)
    known = positions(happening[:100], name)

    async def scene() -> list[Trade]:
        listening = Listening()
        async with venue.open() as where:
            venue.told = happening[:2500]
            stream = Stream(feed_at(name, where), venue.language.symbols, known, QUICK)
            running = asyncio.create_task(stream.run(listening.take))
            await listening.until(2400, running)
            await venue.play(happening[2500:])
            await listening.until(2500, running)
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
        return listening.trades

    trades = ran_alone(scene())
    for symbol in venue.language.symbols:
        expected = [meant(fact, name) for fact in happening[100:] if fact.symbol == symbol]
        assert [trade for trade in trades if trade.symbol == symbol] == expected


def test_trades_that_the_venue_never_gives_are_told_and_counted() -> None:
    venue = Venue(LANGUAGES["binance"])
    venue.rest_status = HTTPStatus.UNAUTHORIZED
    happening = facts(venue.language, 60)
    stream, listening = ran_alone(heard("binance", venue, happening, ["skip", "skip"]))
    assert stream.missing == 2
    numbers = {(trade.symbol, int(trade.trade_id)) for trade in listening.trades}
    assert len(numbers) == len(listening.trades)
    ends = {fact.symbol: fact.number for fact in happening}
    assert {symbol: max(n for of, n in numbers if of == symbol) for symbol in ends} == ends


@pytest.mark.parametrize("status", [HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS, HTTPStatus.FORBIDDEN])
def test_a_venue_that_does_not_serve_this_place_ends_it(status: HTTPStatus) -> None:
    async def scene() -> None:
        venue = Venue(LANGUAGES["binance"])
        venue.status = status
        async with venue.open() as where:
            await Stream(feed_at("binance", where), ["BTCUSDT"], {}, QUICK).run(Listening().take)

    with pytest.raises(FeedBlockedError, match=rf"binance does not serve this place \(HTTP {status.value}\)"):
        ran_alone(scene())

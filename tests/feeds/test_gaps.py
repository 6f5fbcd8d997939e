"""What a stream missed: filled in order of time over its symbols, or told before the trade after it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from itertools import groupby

import pytest

from stockstream.connectors.venues import Stream
from stockstream.market.trade.schema import Trade
from stockstream.market.venues import FEEDS, FeedPosition, Gap
from stockstream.market.venues.gap import BEGAN
from tests.feeds.fact import Fact
from tests.feeds.languages import LANGUAGES
from tests.feeds.loops import ran_alone
from tests.feeds.meaning import PAGED, feed_at, meant, positions
from tests.feeds.test_stream import QUICK
from tests.feeds.venue import Venue, facts
from tests.waiting import until

TIMEOUT = 30.0
CONSECUTIVE = [name for name, feed in FEEDS.items() if feed().is_consecutive]


@dataclass
class Heard:
    """What a stream has given and told, in its order."""

    all: list[Trade | Gap] = field(default_factory=list)

    async def take(self, trades: Sequence[Trade]) -> None:
        """Keep trades."""
        self.all += trades

    @property
    def trades(self) -> list[Trade]:
        """Return the trades alone."""
        return [each for each in self.all if isinstance(each, Trade)]

    @property
    def gaps(self) -> list[Gap]:
        """Return the gaps alone, without those that turned out to be none."""
        return [each for each in self.all if isinstance(each, Gap) and each.reason]


@dataclass
class Scene:
    """A venue, a stream that listens to it, and what it has heard."""

    venue: Venue
    heard: Heard

    async def trades(self, number: int) -> None:
        """Wait for a number of trades."""
        await asyncio.to_thread(until, lambda: len(self.heard.trades) >= number, TIMEOUT)

    async def gaps(self, number: int) -> None:
        """Wait for a number of gaps."""
        await asyncio.to_thread(until, lambda: len(self.heard.gaps) >= number, TIMEOUT)


def of_symbol(known: Sequence[Fact], symbol: str) -> list[Fact]:
    return [fact for fact in known if fact.symbol == symbol]


async def listening(
    name: str, venue: Venue, known: dict[str, FeedPosition], play: Callable[[Scene], Awaitable[None]]
) -> Heard:
    """Let a stream listen while the venue plays."""
    heard = Heard()
    async with venue.open() as where:
        stream = Stream(feed_at(name, where), venue.language.symbols, known, QUICK, heard.all.append)
        running = asyncio.create_task(stream.run(heard.take))
        await play(Scene(venue, heard))
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    assert stream.missing == sum(gap.missing or 0 for gap in heard.gaps if gap.end)
    return heard


@pytest.mark.parametrize("name", PAGED)
def test_a_cut_of_two_symbols_is_filled_in_order_of_time(name: str) -> None:
    venue = Venue(LANGUAGES[name])
    happening = facts(venue.language, 5000)

    filled: list[Trade] = []

    async def play(scene: Scene) -> None:
        while len({trade.symbol for trade in scene.heard.trades}) < 2:
            await venue.play(happening[len(venue.told) : len(venue.told) + 2], pace=0.02)
        venue.status = HTTPStatus.SERVICE_UNAVAILABLE
        await venue.play(happening[len(venue.told) : len(venue.told) + 4], ["cut"])
        before, now = len(scene.heard.trades), len(venue.told)
        venue.told = happening[:4900]
        venue.status = HTTPStatus.OK
        await scene.trades(before + 4900 - now)
        filled.extend(scene.heard.trades[before:])
        await venue.play(happening[4900:])
        await scene.trades(before + 5000 - now)

    trades = ran_alone(listening(name, venue, {}, play)).trades
    assert [trade.timestamp for trade in filled] == sorted(trade.timestamp for trade in filled)
    # Not one symbol after the other: they take turns through all of it.
    assert max(len(list(run)) for _, run in groupby(trade.symbol for trade in filled)) < 5
    first = {symbol: next(t for t in trades if t.symbol == symbol) for symbol in venue.language.symbols}
    for symbol, begin in first.items():
        expected = [meant(fact, name) for fact in of_symbol(happening, symbol)]
        assert [trade for trade in trades if trade.symbol == symbol] == expected[expected.index(begin) :]


@pytest.mark.parametrize("name", FEEDS)
def test_the_minute_in_which_a_feed_begins_is_told_before_its_first_trade(name: str) -> None:
    venue = Venue(LANGUAGES[name])
    happening = facts(venue.language, 60)

    async def play(scene: Scene) -> None:
        while len(scene.heard.gaps) < 2:
            await venue.play(happening[len(venue.told) : len(venue.told) + 2], pace=0.02)

    heard = ran_alone(listening(name, venue, {}, play))
    for symbol in venue.language.symbols:
        gap, first = [each for each in heard.all if each.symbol == symbol][:2]
        assert isinstance(first, Trade)
        minute = first.timestamp.replace(second=0, microsecond=0)
        assert gap == Gap(symbol, minute, first.timestamp, None, BEGAN)
    assert len(heard.gaps) == 2


@pytest.mark.parametrize("name", CONSECUTIVE)
def test_what_the_pages_of_a_venue_lack_is_a_gap_from_trade_to_trade(name: str) -> None:
    venue = Venue(LANGUAGES[name])
    happening = facts(venue.language, 3000)
    symbol, other = venue.language.symbols
    mine = of_symbol(happening, symbol)
    venue.forgotten = frozenset([*mine[100:110], *mine[500:501]])
    venue.told = happening[:2000]

    async def play(scene: Scene) -> None:
        await scene.trades(2000 - 100 - 11)

    heard = ran_alone(listening(name, venue, positions(happening[:100], name), play))
    assert [(gap.symbol, gap.start, gap.end, gap.missing) for gap in heard.gaps] == [
        (symbol, mine[99].at, mine[110].at, 10),
        (symbol, mine[499].at, mine[501].at, 1),
    ]
    for gap in heard.gaps:
        after = next(trade for trade in heard.trades if (trade.symbol, trade.timestamp) == (symbol, gap.end))
        assert heard.all.index(gap) < heard.all.index(after)
    # Of the other symbol nothing is missing, whatever a former run has told.
    assert Gap(other, happening[99].at, of_symbol(happening, other)[50].at, 0, "") in heard.all


@pytest.mark.parametrize("name", CONSECUTIVE)
def test_what_lies_before_the_reach_of_the_pages_is_a_gap_after_a_restart(name: str) -> None:
    venue = Venue(LANGUAGES[name])
    happening = facts(venue.language, 1000)
    venue.forgotten = frozenset(happening[:800])
    venue.told = happening
    known = positions(happening[:500], name)

    async def play(scene: Scene) -> None:
        await scene.trades(200)

    heard = ran_alone(listening(name, venue, known, play))
    for symbol in venue.language.symbols:
        (gap,) = (each for each in heard.gaps if each.symbol == symbol)
        first = of_symbol(happening[800:], symbol)[0]
        missing = first.number - known[symbol].number - 1
        assert (gap.start, gap.end, gap.missing) == (known[symbol].at, first.at, missing)


def test_a_venue_without_a_history_leaves_a_gap_that_the_next_trade_ends() -> None:
    venue = Venue(LANGUAGES["binance"])
    venue.rest_status = HTTPStatus.UNAUTHORIZED
    happening = facts(venue.language, 140)

    async def play(scene: Scene) -> None:
        venue.told = happening[:100]
        while len(scene.heard.gaps) < 2:
            await venue.play(happening[len(venue.told) : len(venue.told) + 2], pace=0.02)

    heard = ran_alone(listening("binance", venue, positions(happening[:60], "binance"), play))
    for gap in heard.gaps:
        mine = of_symbol(happening, gap.symbol)
        assert gap.start == mine[29].at
        first = next(trade for trade in heard.trades if trade.symbol == gap.symbol)
        assert (gap.end, gap.missing) == (first.timestamp, int(first.trade_id) - mine[29].number - 1)
        assert gap.reason == "the venue does not give them: HTTP 401"


def test_a_trade_that_a_heartbeat_tells_of_and_nobody_gives_is_an_open_gap_once() -> None:
    venue = Venue(LANGUAGES["coinbase"])
    happening = facts(venue.language, 60)
    lost = happening[20]
    venue.forgotten = frozenset([lost])

    async def play(scene: Scene) -> None:
        venue.told = happening[:20]
        await scene.trades(10)
        venue.told = happening[:21]  # it happens, and only the heartbeat says so
        await scene.gaps(1)
        await asyncio.sleep(1.0)
        assert len(scene.heard.gaps) == 1
        await venue.play(happening[21:30], pace=0.01)
        await scene.gaps(2)

    heard = ran_alone(listening("coinbase", venue, positions(happening[:10], "coinbase"), play))
    before, after = (of_symbol(happening, lost.symbol)[at] for at in (9, 11))
    spans = [(gap.symbol, gap.start, gap.end, gap.missing) for gap in heard.gaps]
    assert spans == [(lost.symbol, before.at, None, 1), (lost.symbol, before.at, after.at, 1)]
    assert after.at - before.at == timedelta(milliseconds=74)

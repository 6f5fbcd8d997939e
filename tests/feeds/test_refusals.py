"""A venue that refuses: the stream goes on without the symbol, or ends, whatever came before."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from stockstream.connectors.venues import Stream
from stockstream.errors import FeedRefusedError
from stockstream.market.venues import FeedPosition, Gap
from tests.feeds.fact import BEGIN, Fact
from tests.feeds.languages import LANGUAGES
from tests.feeds.loops import ran_alone
from tests.feeds.meaning import feed_at
from tests.feeds.test_stream import QUICK, Listening
from tests.feeds.venue import facts

SUBSCRIPTIONS = {"kraken": ("params", "symbol"), "coinbase": ("product_ids",)}
# As the venues say it, with the symbol or without.
REFUSALS = {
    "kraken": '{{"error":"Currency pair not supported {0}","method":"subscribe","success":false}}',
    "coinbase": '{{"type":"error","message":"Failed to subscribe","reason":"{0} is not a valid product"}}',
}
GENERAL = {
    "kraken": '{"error":"Exceeded msg rate","method":"subscribe","success":false}',
    "coinbase": '{"type":"error","message":"rate limit exceeded"}',
}
Past = tuple[Mapping[str, FeedPosition], Callable[[Gap], object]]
UNKNOWN = {"kraken": "XBT/USD", "coinbase": "XBT-USD"}


class Refusing:
    """A venue that knows all symbols but some, and says so before or after its first trades."""

    def __init__(self, name: str, refusal: str, *, is_late: bool, is_general: bool = False) -> None:
        self.subscriptions: list[list[str]] = []
        self._name, self._refusal = name, refusal
        self._is_late, self._is_general = is_late, is_general
        self._facts: Sequence[Fact] = facts(LANGUAGES[name], 40)

    async def answer(self, connection: ServerConnection) -> None:
        """Talk to a listener."""
        asked = json.loads(await connection.recv())
        for key in SUBSCRIPTIONS[self._name]:
            asked = asked[key]
        self.subscriptions.append(asked)
        known = [fact for fact in self._facts if fact.symbol in asked]
        unknown = [symbol for symbol in asked if symbol not in LANGUAGES[self._name].symbols]
        try:
            if self._is_late:
                await self._say(connection, known[:10])
            for symbol in unknown:
                await connection.send(self._refusal.format(symbol))
            if self._is_general:
                await connection.send(self._refusal)
            await self._say(connection, known[10 * self._is_late :])
            await connection.wait_closed()
        except ConnectionClosed:
            return

    async def _say(self, connection: ServerConnection, known: Sequence[Fact]) -> None:
        for fact in known:
            await connection.send(LANGUAGES[self._name].trade(fact))


async def heard(
    venue: Refusing, name: str, symbols: Sequence[str], trades: int, past: Past = ({}, bool)
) -> Listening:
    async with serve(venue.answer, "127.0.0.1", 0) as server:
        where = f"127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        feed = feed_at(name, where)
        feed.silence = 5.0
        listening = Listening()
        stream = Stream(feed, symbols, past[0], replace(QUICK, quiet=0.0), past[1])
        running = asyncio.create_task(stream.run(listening.take))
        try:
            await listening.until(trades, running)
        finally:
            running.cancel()
            await asyncio.wait([running])
        if not running.cancelled():
            running.result()
        return listening


@pytest.mark.parametrize("is_late", [False, True], ids=["early", "late"])
@pytest.mark.parametrize("name", ["kraken", "coinbase"])
def test_it_goes_on_without_a_symbol_that_is_refused(
    name: str, caplog: pytest.LogCaptureFixture, *, is_late: bool
) -> None:
    venue = Refusing(name, REFUSALS[name], is_late=is_late)
    known = LANGUAGES[name].symbols
    asked = [known[0], UNKNOWN[name], *known[1:]]
    listening = ran_alone(heard(venue, name, asked, 40))
    assert len(listening.trades) == 40
    assert venue.subscriptions == [asked, list(known)]
    (line,) = [each for each in caplog.messages if "refuses" in each]
    assert line.startswith(f"{name} refuses {UNKNOWN[name]} (")
    assert line.endswith("; going on without it")


@pytest.mark.parametrize("name", ["kraken", "coinbase"])
def test_a_symbol_that_was_heard_before_and_is_refused_now_is_a_gap_without_an_end(name: str) -> None:
    gaps: list[Gap] = []
    positions = {UNKNOWN[name]: FeedPosition(7, BEGIN)}
    venue = Refusing(name, REFUSALS[name], is_late=False)
    symbols = [UNKNOWN[name], LANGUAGES[name].symbols[0]]
    ran_alone(heard(venue, name, symbols, 20, (positions, gaps.append)))
    (gap,) = (each for each in gaps if each.symbol == UNKNOWN[name])
    assert (gap.start, gap.end, gap.missing) == (BEGIN, None, None)
    assert gap.reason.startswith("the venue refuses the symbol: ")


@pytest.mark.parametrize("is_late", [False, True], ids=["early", "late"])
@pytest.mark.parametrize("name", ["kraken", "coinbase"])
def test_it_ends_where_no_symbol_is_left(name: str, *, is_late: bool) -> None:
    venue = Refusing(name, REFUSALS[name], is_late=is_late)
    with pytest.raises(FeedRefusedError, match=f"{name} refuses .*{UNKNOWN[name]}"):
        ran_alone(heard(venue, name, [UNKNOWN[name]], 1))


@pytest.mark.parametrize(("is_late", "connections"), [(False, 1), (True, 3)], ids=["early", "late"])
@pytest.mark.parametrize("name", ["kraken", "coinbase"])
def test_it_ends_where_the_same_refusal_comes_again_and_again(
    name: str, *, is_late: bool, connections: int
) -> None:
    venue = Refusing(name, GENERAL[name], is_late=is_late, is_general=True)
    with pytest.raises(FeedRefusedError, match=f"{name} refuses"):
        ran_alone(heard(venue, name, LANGUAGES[name].symbols, 41))
    assert len(venue.subscriptions) == connections


def test_a_symbol_that_a_venue_is_silent_about_is_suspected_aloud(caplog: pytest.LogCaptureFixture) -> None:
    venue = Refusing("coinbase", "{{}}", is_late=True)
    ran_alone(heard(venue, "coinbase", ["BTC-USD", UNKNOWN["coinbase"]], 20))
    (line,) = [each for each in caplog.messages if "does not know the symbol" in each]
    assert line.startswith(f"no trade of {UNKNOWN['coinbase']} ")

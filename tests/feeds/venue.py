"""A venue on this machine: a stream and a REST interface on one port, with faults on request."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from tests.feeds.fact import Fact, Language

BEAT = 0.05  # seconds
HIDDEN = 3  # trades that a page which lags does not have yet
LONG_AGO = 600  # trades
GARBAGE: Sequence[str | bytes] = (
    *("", "no JSON at all", "{}}", '{"type":"match"}', '{"channel":"trade","data":[{"symbol":7}]}', "[1,2]"),
    *(
        '{"stream":"btcusdt@trade","data":{"t":"x"}}',
        b"\xff\xfe\x00",
        "null",
        '{"type":"match","trade_id":1}',
    ),
)
FAULTS = ("skip", "cut", "bye", "repeat", "stall", "garbage", "refuse", "rest", "lag", "trail")


def facts(language: Language, number: int) -> list[Fact]:
    """Return so many trades in the order they happen, over the venue's symbols by turns."""
    chance = random.Random(number)  # noqa: S311 - no secret
    made: list[Fact] = []
    for turn in range(number):
        symbol = language.symbols[turn % len(language.symbols)]
        step = language.step if turn % 5 == 0 else 1
        last = next((fact.number for fact in reversed(made) if fact.symbol == symbol), 1000)
        price = Decimal(chance.randrange(1, 10**8)).scaleb(-4)
        size = Decimal(chance.randrange(1, 10**6)).scaleb(-8)
        made.append(Fact(last + step, symbol, price, size, chance.random() < 0.5))
    return made


class Venue:
    """Plays trades to whoever listens, one listener at a time."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.told: list[Fact] = []
        self.status = HTTPStatus.OK
        self.rest_status = HTTPStatus.OK
        self.forgotten: frozenset[Fact] = frozenset()  # what its pages do not have
        self.faults_done: list[str] = []
        self._audience: ServerConnection | None = None
        self._refusals = 0
        self._rest_faults: list[tuple[int, str]] = []
        self._lag = 0
        self._server: Server | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        """Serve; yields host and port."""
        async with serve(self._listen, "127.0.0.1", 0, process_request=self._answer) as self._server:
            beating = asyncio.create_task(self._beat())
            try:
                yield f"127.0.0.1:{next(iter(self._server.sockets)).getsockname()[1]}"
            finally:
                beating.cancel()

    async def play(self, trades: Sequence[Fact], faults: Sequence[str] = (), pace: float = 0.0005) -> None:
        """Let trades happen; the faults come evenly among them, each to a listener that is well."""
        every = len(trades) // (len(faults) + 1)
        for turn, fact in enumerate(trades):
            fault = (
                faults[turn // every - 1]
                if turn and turn % every == 0 and turn // every <= len(faults)
                else ""
            )
            if fault:
                while self._audience is None:  # noqa: ASYNC110 - it looks on
                    await asyncio.sleep(pace)
                self.faults_done.append(fault)
            await self._happen(fact, fault)
            await asyncio.sleep(pace)

    async def _happen(self, fact: Fact, fault: str) -> None:
        self.told.append(fact)
        listener = self._audience
        if listener is None:
            return
        if fault in ("cut", "bye", "refuse", "stall"):
            await self._leave(listener, fault)
            return
        with suppress(ConnectionClosed):
            for said in self._words(fact, fault):
                await listener.send(said)

    async def _leave(self, listener: ServerConnection, fault: str) -> None:
        """End the connection, or leave it open without a word."""
        self._audience = None
        self._refusals = 2 if fault == "refuse" else 0
        if fault == "bye":
            await listener.close(1001)
        elif fault != "stall":
            listener.transport.abort()

    def _words(self, fact: Fact, fault: str) -> Sequence[str | bytes]:
        if fault == "rest":
            self._rest_faults = [(500, ""), (429, ""), (200, '{"error":["EAPI:Rate limit exceeded"]}')]
        self._lag = 2 if fault == "lag" else self._lag
        again = {"repeat": self.told[-7:], "trail": self.told[-LONG_AGO:][:3]}.get(fault, [])
        words = [self.language.trade(each) for each in (fact, *again)]
        return {"skip": (), "rest": (), "lag": (), "garbage": GARBAGE}.get(fault, words)

    async def _listen(self, listener: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            for said in self.language.opening(self.told):
                await listener.send(said)
            self._audience = None if self.language.listens else listener
            async for asked in listener:
                for said in self.language.answer(str(asked), self.told):
                    await listener.send(said)
                if self.language.listens and "subscribe" in str(asked):
                    self._audience = listener
        if self._audience is listener:
            self._audience = None

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT)
            if self._audience is not None:
                with suppress(ConnectionClosed):
                    for said in self.language.beat({fact.symbol: fact.number for fact in self.told}):
                        await self._audience.send(said)

    def _answer(self, listener: ServerConnection, request: Request) -> Response | None:
        if self.status != HTTPStatus.OK:
            return listener.respond(self.status, "not here\n")
        url = urlsplit(request.path)
        query = dict(parse_qsl(url.query))
        if not self.language.admits(unquote(url.path), query, request.headers):
            return listener.respond(HTTPStatus.UNAUTHORIZED, "who is there?\n")
        if "Upgrade" in request.headers:
            if self._refusals:
                self._refusals -= 1
                return listener.respond(HTTPStatus.SERVICE_UNAVAILABLE, "later\n")
            return None
        return self._page(listener, unquote(url.path), query)

    def _page(self, listener: ServerConnection, path: str, query: dict[str, str]) -> Response:
        if self.rest_status != HTTPStatus.OK:
            return listener.respond(self.rest_status, "no\n")
        if self._rest_faults:
            status, body = self._rest_faults.pop()
            return listener.respond(HTTPStatus(status), body)
        told = [fact for fact in self.told if fact not in self.forgotten]
        if self._lag:
            self._lag -= 1
            told = told[:-HIDDEN]
        return listener.respond(HTTPStatus.OK, self.language.page(path, query, told))

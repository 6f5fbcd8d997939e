"""Venues that want a key: how they refuse it, its limits, and that no line shows it."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress

import pytest

from stockstream.connectors.venues import Stream
from stockstream.connectors.venues.refusals import MOST_TAKEN
from stockstream.errors import FeedKeyError, FeedLimitError, FeedRefusedError, FeedTakenError
from stockstream.market.trade.schema import Trade
from stockstream.market.venues import FEEDS, KEYS, Feed
from tests.feeds import stock_languages
from tests.feeds.fact import Fact, Language
from tests.feeds.languages import LANGUAGES
from tests.feeds.loops import ran_alone
from tests.feeds.meaning import feed_at
from tests.feeds.stock_languages import KEY, SECRET
from tests.feeds.test_stream import QUICK, Listening
from tests.feeds.venue import Venue, facts

WRONG = "not-the-key-of-anybody"
ALPACA_ERROR = '[{"T":"error","code":%s,"msg":"%s"}]'
MASSIVE_STATUS = '{"ev":"status","status":"%s","message":"%s"}'


class Strict:
    """A venue's language that answers some subscriptions in its own way."""

    def __init__(self, language: Language, answers: Sequence[str]) -> None:
        """Give each subscription one of the answers, in this order, and then none of them."""
        self._language = language
        self._answers = list(answers)
        self.subscriptions: list[str] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._language, name)

    def answer(self, said: str, told: list[Fact]) -> list[str]:
        """Answer what a listener says."""
        is_login = "auth" in json.loads(said).values()
        if not is_login:
            self.subscriptions.append(said)
        return [self._answers.pop(0)] if self._answers and not is_login else self._language.answer(said, told)


class Busy(stock_languages.Alpaca):
    """Alpaca, which lets nobody in for some time."""

    def __init__(self, refusals: int, message: str) -> None:
        self.refusals, self._message = refusals, message

    def answer(self, said: str, told: list[Fact]) -> list[str]:
        """Answer what a listener says."""
        if '"auth"' in said and self.refusals:
            self.refusals -= 1
            return [self._message]
        return super().answer(said, told)


async def listen(
    venue: Venue, feed: Feed, symbols: Sequence[str], trades: int, listening: Listening | None = None
) -> Stream:
    """Listen until so many trades have come, or the stream ends."""
    happening = facts(venue.language, 400)
    listening = listening or Listening()
    stream = Stream(feed, symbols, {}, QUICK)
    running = asyncio.create_task(stream.run(listening.take))
    while len(listening.trades) < trades and not running.done() and len(venue.told) < len(happening):
        await venue.play(happening[len(venue.told) : len(venue.told) + 2], pace=0.02)
    is_over = running.done()
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert is_over or len(listening.trades) >= trades
    return stream


def heard(language: object, name: str, symbols: Sequence[str] = ("AAPL", "BRK.B"), trades: int = 4) -> Stream:
    async def scene() -> Stream:
        venue = Venue(language)  # type: ignore[arg-type]
        async with venue.open() as where:
            return await listen(venue, feed_at(name, where), symbols, trades)

    return ran_alone(scene())


@pytest.mark.parametrize("name", KEYS)
def test_a_wrong_key_ends_it_at_once_and_is_not_shown(name: str, caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        venue = Venue(LANGUAGES[name])
        async with venue.open() as where:
            wrong = dict.fromkeys(KEYS[name], WRONG)
            feed = FEEDS[name](f"ws://{where}", f"http://{where}", **wrong)
            await listen(venue, feed, ["AAPL"], 1)

    with pytest.raises(FeedKeyError) as refusal:
        ran_alone(scene())
    settings = " and ".join(setting.upper() for setting in KEYS[name])
    assert f"{name} does not accept the key (" in str(refusal.value)
    assert f"check {settings} in .env or in the environment" in str(refusal.value)
    assert not [line for line in [str(refusal.value), *caplog.messages] if WRONG in line]


@pytest.mark.parametrize("name", KEYS)
def test_a_venue_that_repeats_the_key_in_its_refusal_does_not_put_it_into_a_line(name: str) -> None:
    feed = feed_at(name, "here")
    said = {
        "alpaca": ALPACA_ERROR % (402, f"no such key {KEY}, {SECRET}"),
        "finnhub": json.dumps({"type": "error", "msg": f"Invalid API key {KEY}"}),
        "massive": f"[{MASSIVE_STATUS % ('auth_failed', f'unknown {KEY}')}]",
    }
    with pytest.raises(FeedKeyError) as refusal:
        feed.parse(said[name])
    assert "***" in str(refusal.value)
    assert KEY not in str(refusal.value)
    assert SECRET not in str(refusal.value)


def test_an_address_that_cannot_be_reached_is_told_without_the_key(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        feed = FEEDS["finnhub"]("ws://127.0.0.1:1", "http://127.0.0.1:1", finnhub_token=KEY)
        running = asyncio.create_task(Stream(feed, ["AAPL"], {}, QUICK).run(Listening().take))
        while not caplog.messages:  # noqa: ASYNC110 - it looks on
            await asyncio.sleep(0.01)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    ran_alone(scene())
    assert caplog.messages[0].startswith("cannot connect to finnhub (")
    assert KEY not in caplog.text


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("alpaca", ALPACA_ERROR % (405, "symbol limit exceeded")),
        ("finnhub", '{"msg":"Subscribing to too many symbols","type":"error"}'),
    ],
)
def test_too_many_symbols_end_it_with_what_to_do(name: str, answer: str) -> None:
    language = Strict(LANGUAGES[name], [answer] * 9)
    with pytest.raises(FeedLimitError, match=rf"{name} does not give so many symbols .* fewer in --symbols"):
        heard(language, name)


def test_a_connection_that_the_venue_still_holds_is_waited_for() -> None:
    language = Busy(MOST_TAKEN - 1, ALPACA_ERROR % (406, "connection limit exceeded"))
    assert heard(language, "alpaca").connections == MOST_TAKEN
    assert language.refusals == 0


def test_a_key_that_another_process_uses_ends_it_after_some_tries() -> None:
    language = Busy(100, ALPACA_ERROR % (406, "connection limit exceeded"))
    with pytest.raises(FeedTakenError, match="alpaca has another connection with this key"):
        heard(language, "alpaca")
    assert language.refusals == 100 - MOST_TAKEN


def test_a_process_that_takes_the_key_over_is_not_thrown_out_in_turn() -> None:
    taken = f"[{MASSIVE_STATUS % ('max_connections', 'Maximum number of websocket connections exceeded.')}]"
    language = Strict(LANGUAGES["massive"], [taken] * 9)
    with pytest.raises(FeedTakenError, match="massive has another connection with this key"):
        heard(language, "massive")
    assert len(language.subscriptions) == 1


def test_a_fault_of_the_venue_is_no_refusal() -> None:
    language = Busy(5, ALPACA_ERROR % (500, "internal error"))
    assert heard(language, "alpaca").connections == 6


def test_a_plan_without_the_consolidated_tape_is_a_matter_of_the_key() -> None:
    language = Busy(100, ALPACA_ERROR % (409, "insufficient subscription"))
    with pytest.raises(
        FeedKeyError, match=r"\(insufficient subscription, 409\); .* what the plan of the key"
    ):
        heard(language, "alpaca")
    assert language.refusals == 99


def test_symbols_that_are_not_in_the_plan_are_left_out_and_the_others_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    refused = MASSIVE_STATUS % ("error", "not authorized")
    accepted = ",".join(
        MASSIVE_STATUS % ("success", f"subscribed to: T.{each}") for each in ("AAPL", "BRK.B")
    )
    language = Strict(LANGUAGES["massive"], [f"[{refused},{accepted}]"])
    heard(language, "massive", ["A", "AAPL", "BRK.B"])
    assert [json.loads(said)["params"] for said in language.subscriptions] == [
        "T.A,T.AAPL,T.BRK.B",
        "T.AAPL,T.BRK.B",
    ]
    (line,) = [each for each in caplog.messages if "refuses" in each]
    assert line == "massive refuses A (not authorized); going on without it"


def test_a_plan_without_any_of_the_symbols_ends_it() -> None:
    language = Strict(LANGUAGES["massive"], [f"[{MASSIVE_STATUS % ('error', 'not authorized')}]"] * 9)
    with pytest.raises(FeedRefusedError, match=r"massive refuses \(not authorized\)"):
        heard(language, "massive")


def test_corrections_are_given_as_trades_that_name_others() -> None:
    amounts = '"op":211.25,"os":40,"oc":["@"],"cp":211.2,"cs":35,"cc":["@"]'
    at = "2026-11-23T14:30:00.123456Z"
    corrections = (
        f'[{{"T":"c","S":"AAPL","x":"V","oi":101,"ci":102,{amounts},"t":"{at}","z":"C"}}]',
        f'[{{"T":"x","S":"AAPL","i":102,"x":"V","p":211.2,"s":35,"a":"C","t":"{at}","z":"C"}}]',
    )

    class Correcting(stock_languages.Alpaca):
        """Alpaca, which corrects a trade before each trade."""

        def answer(self, said: str, told: list[Fact]) -> list[str]:
            """Answer what a listener says."""
            return [*super().answer(said, told), *(corrections if "subscribe" in said else ())]

    async def scene() -> list[Trade]:
        venue, listening = Venue(Correcting()), Listening()
        async with venue.open() as where:
            await listen(venue, feed_at("alpaca", where), ["AAPL"], 4, listening)
        return listening.trades

    corrected, cancelled = (trade for trade in ran_alone(scene())[:2])
    assert (corrected.trade_id, corrected.corrects) == ("20261123/V/102", "20261123/V/101")
    assert (cancelled.corrects, cancelled.cancels) == ("20261123/V/102", True)

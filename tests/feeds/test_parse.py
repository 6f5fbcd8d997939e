"""What venues say, as their documentation shows it, and what it means."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from stockstream.errors import BadFrameError, FeedRefusedError
from stockstream.market.trade.codec import decode, encode
from stockstream.market.venues import FEEDS, FeedPosition, Frame
from stockstream.market.venues.alpaca import Alpaca
from stockstream.market.venues.binance import Binance
from stockstream.market.venues.coinbase import Coinbase
from stockstream.market.venues.kraken import Kraken
from stockstream.market.venues.massive import Massive
from tests.feeds.languages import LANGUAGES
from tests.feeds.meaning import meant
from tests.feeds.venue import GARBAGE, facts

MATCH = (
    '{"type":"%s","trade_id":10,"sequence":50,"maker_order_id":"m","taker_order_id":"t",'
    '"time":"2014-11-07T08:19:27.028459Z","product_id":"BTC-USD","size":"5.23512","price":"400.23",'
    '"side":"%s"}'
)
POSITION = FeedPosition(61044952, datetime(2023, 7, 6, 18, 33, 17, 827736, UTC))


@pytest.mark.parametrize(("maker", "taker"), [("sell", "BUY"), ("buy", "SELL")])
@pytest.mark.parametrize("kind", ["match", "last_match"])
def test_coinbase_tells_the_maker_and_the_taker_is_meant(kind: str, maker: str, taker: str) -> None:
    (trade,) = Coinbase().parse(MATCH % (kind, maker)).trades
    assert trade.trade_type == taker
    assert (trade.trade_id, trade.symbol, trade.source) == ("10", "BTC-USD", "coinbase")
    assert (trade.price, trade.volume) == (Decimal("400.23"), Decimal("5.23512"))
    assert trade.timestamp == datetime(2014, 11, 7, 8, 19, 27, 28459, UTC)


def test_a_heartbeat_of_coinbase_tells_the_last_trade() -> None:
    beat = '{"type":"heartbeat","sequence":90,"last_trade_id":20,"product_id":"BTC-USD","time":"%s"}'
    frame = Coinbase().parse(beat % "2014-11-07T08:19:28.464459Z")
    assert (list(frame.trades), frame.reached) == ([], {"BTC-USD": 20})


def test_kraken_tells_many_trades_at_once_and_the_taker() -> None:
    frame = Kraken().parse(
        '{"channel":"trade","type":"snapshot","data":['
        '{"symbol":"MATIC/USD","side":"buy","price":0.5147,"qty":6423.46326,"ord_type":"limit",'
        '"trade_id":4665846,"timestamp":"2023-09-25T07:48:36.925533Z"},'
        '{"symbol":"MATIC/USD","side":"sell","price":0.10000000000000001,"qty":1136.19677815,'
        '"ord_type":"market","trade_id":4665847,"timestamp":"2023-09-25T07:49:36.925603Z"}]}'
    )
    buy, sell = frame.trades
    assert (buy.trade_type, sell.trade_type) == ("BUY", "SELL")
    assert sell.price == Decimal("0.10000000000000001")  # no float has been here
    assert buy.timestamp.microsecond == 925533


def test_a_page_of_kraken_has_exact_times() -> None:
    page = (
        b'{"error":[],"result":{"XXBTZUSD":[["30243.40000","0.34507674",1688669597.8277369,"b","m","",61044952],'
        b'["30243.30000","0.00376960",1688669598.2804112,"s","l","",61044953]],"last":"1688671969993150842"}}'
    )
    first, second = Kraken().parse_page("BTC/USD", page)
    assert (first.symbol, first.trade_type, second.trade_type) == ("BTC/USD", "BUY", "SELL")
    assert first.timestamp == datetime(2023, 7, 6, 18, 53, 17, 827736, UTC)


@pytest.mark.parametrize(("buyer_makes", "taker"), [("true", "SELL"), ("false", "BUY")])
@pytest.mark.parametrize("at", ["1672515782136", "1672515782136000"])
def test_binance_tells_who_makes_in_milliseconds_or_microseconds(
    buyer_makes: str, taker: str, at: str
) -> None:
    frame = (
        f'{{"stream":"bnbbtc@trade","data":{{"e":"trade","E":{at},"s":"BNBBTC","t":12345,'
        f'"p":"0.00100000","q":"100.00000000","T":{at},"m":{buyer_makes},"M":true}}}}'
    )
    (trade,) = Binance().parse(frame).trades
    assert (trade.trade_type, trade.price) == (taker, Decimal("0.001"))
    assert trade.timestamp == datetime(2022, 12, 31, 19, 43, 2, 136000, UTC)


def test_a_page_is_asked_for_from_the_place_on() -> None:
    assert (
        Coinbase()
        .page_address("BTC-USD", POSITION)
        .endswith("/products/BTC-USD/trades?limit=1000&after=61045953")
    )
    assert Binance().page_address("BTCUSDT", POSITION).endswith("symbol=BTCUSDT&fromId=61044953&limit=1000")
    moment = (POSITION.at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    assert f"since={(moment - 1) * 1000}" in Kraken().page_address("BTC/USD", POSITION)
    assert "start=2023-07-06T18%3A33%3A17.827736" in Alpaca().page_address("BRK.B", POSITION)
    assert f"BRK.B?timestamp.gte={moment * 1000}&order=asc" in Massive().page_address("BRK.B", POSITION)


@pytest.mark.parametrize("name", FEEDS)
def test_every_trade_keeps_the_contract_and_is_read_as_it_happened(name: str) -> None:
    language, feed = LANGUAGES[name], FEEDS[name]()
    for fact in facts(language, 200):
        (trade,) = feed.parse(language.trade(fact)).trades
        assert decode(encode(trade)) == trade
        assert trade == meant(fact, name)


@pytest.mark.parametrize(
    ("name", "notice"),
    [
        ("coinbase", '{"type":"subscriptions","channels":[{"name":"matches","product_ids":["BTC-USD"]}]}'),
        ("coinbase", '{"type":"a_type_of_tomorrow","product_id":"BTC-USD"}'),
        ("kraken", '{"channel":"status","type":"update","data":[{"system":"maintenance","version":"2"}]}'),
        ("kraken", '{"channel":"heartbeat"}'),
        ("binance", '{"stream":"","data":{"e":"serverShutdown","E":1770123456789}}'),
        ("binance", '{"e":"serverShutdown","E":1770123456789}'),
        ("binance", '{"result":null,"id":1}'),
        ("alpaca", '[{"T":"success","msg":"connected"}]'),
        ("alpaca", '[{"T":"subscription","trades":["AAPL"],"quotes":[],"bars":[],"corrections":["AAPL"]}]'),
        ("alpaca", '[{"T":"q","S":"AMD","bx":"U","bp":87.66,"bs":1,"ax":"Q","ap":87.68,"as":4}]'),
        ("alpaca", '[{"T":"error","code":403,"msg":"already authenticated"}]'),
        ("alpaca", "[]"),
        ("finnhub", '{"type":"ping"}'),
        ("finnhub", '{"data":[{"c":null,"p":1.5,"s":"AAPL","t":1575526691134,"v":0}],"type":"trade"}'),
        ("massive", '[{"ev":"status","status":"connected","message":"Connected Successfully"}]'),
        ("massive", '[{"ev":"status","status":"success","message":"subscribed to: T.AAPL"}]'),
        ("massive", '[{"ev":"AM","sym":"AAPL","v":4110,"o":470.1}]'),
    ],
)
def test_a_notice_of_a_venue_is_no_trade_and_no_trouble(name: str, notice: str) -> None:
    frame = FEEDS[name]().parse(notice)
    assert frame._replace(trades=tuple(frame.trades), corrections=tuple(frame.corrections)) == Frame()


def test_alpaca_tells_trades_corrections_and_cancellations_in_one_frame() -> None:
    frame = Alpaca().parse(
        '[{"T":"t","i":96921,"S":"AAPL","x":"D","p":126.55,"s":1,"t":"2021-02-22T15:51:44.999999999Z",'
        '"c":["@","I"],"z":"C"},'
        '{"T":"c","S":"IWM","x":"D","oi":79372207866957,"op":208.65,"os":14950,"oc":[" ","7","V"],'
        '"ci":79372223926359,"cp":208.55,"cs":14950,"cc":[" ","7","Z","V"],"z":"B",'
        '"t":"2022-01-20T17:26:08.000760661Z"},'
        '{"T":"x","S":"GOOG","i":465,"x":"D","p":1231.3,"s":10,"a":"C","t":"2021-03-05T10:27:48Z","z":"C"}]'
    )
    (trade,) = frame.trades
    assert trade.timestamp == datetime(2021, 2, 22, 15, 51, 44, 999999, UTC)  # cut, not rounded
    assert (trade.price, trade.trade_type, trade.updates_last) == (Decimal("126.55"), None, False)
    corrected, cancelled = frame.corrections
    assert (corrected.symbol, corrected.corrects) == ("IWM", "20220120/D/79372207866957")
    assert (corrected.trade_id, corrected.cancels) == ("20220120/D/79372223926359", False)
    assert (corrected.price, corrected.conditions) == (Decimal("208.55"), "7,Z,V")
    assert (cancelled.trade_id, cancelled.corrects) == ("20210305/D/465/x", "20210305/D/465")
    assert (cancelled.symbol, cancelled.price, cancelled.cancels) == ("GOOG", Decimal("1231.3"), True)
    (again,) = (
        Alpaca()
        .parse(
            '[{"T":"c","S":"A","x":"V","oi":7,"op":1,"os":1,"oc":[],"ci":7,"cp":2,"cs":1,"cc":[],"z":"A",'
            '"t":"2022-01-20T17:26:08Z"}]'
        )
        .corrections
    )
    assert (again.trade_id, again.corrects) == ("20220120/V/7/c", "20220120/V/7")


@pytest.mark.parametrize(("tape", "updates_last"), [("A", False), ("B", False), ("C", True)])
def test_a_letter_of_alpaca_means_what_its_tape_means(tape: str, *, updates_last: bool) -> None:
    row = '[{"T":"t","i":1,"S":"X","x":"D","p":1,"s":1,"t":"2021-02-22T15:51:44Z","c":["B"],"z":"%s"}]'
    (trade,) = Alpaca().parse(row % tape).trades
    assert trade.updates_last == updates_last


def test_a_trade_of_massive_is_the_same_from_the_stream_and_from_a_page() -> None:
    (streamed,) = (
        Massive()
        .parse(
            '[{"ev":"T","sym":"AAPL","x":4,"i":"71675577320245","z":3,"p":189.03,"s":0,"ds":"0.25",'
            '"c":[12,37],"t":1700000000123,"q":7,"trfi":202,"trft":1700000000120}]'
        )
        .trades
    )
    (paged,) = Massive().parse_page(
        "AAPL",
        b'{"results":[{"conditions":[12,37],"exchange":4,"id":"71675577320245","price":189.03,"size":0,'
        b'"decimal_size":0.25,"participant_timestamp":1700000000100000000,"sequence_number":7,'
        b'"sip_timestamp":1700000000123999999,"tape":3,"trf_id":202,"trf_timestamp":1700000000120000000}]}',
    )
    assert streamed == paged
    assert (streamed.trade_id, streamed.volume) == ("20231114/4.202/71675577320245", Decimal("0.25"))


def test_ids_that_begin_again_each_day_of_new_york_stay_apart() -> None:
    row = '[{"T":"t","i":7,"S":"X","x":"Q","p":1,"s":1,"t":"%s","c":["@"],"z":"C"}]'
    evening, morning = (
        Alpaca().parse(row % at).trades[0].trade_id for at in ("2026-01-06T00:59:59Z", "2026-01-06T14:30:00Z")
    )
    assert (evening, morning) == ("20260105/Q/7", "20260106/Q/7")


def test_conditions_are_cut_where_the_message_has_no_room() -> None:
    codes = ",".join(map(str, range(100, 130)))
    row = f'[{{"ev":"T","sym":"X","x":4,"i":"1","p":1,"s":1,"t":1700000000123,"c":[{codes}]}}]'
    (trade,) = Massive().parse(row).trades
    assert trade.conditions == ",".join(map(str, range(100, 116)))
    assert decode(encode(trade)) == trade


@pytest.mark.parametrize("frame", GARBAGE, ids=repr)
@pytest.mark.parametrize("name", FEEDS)
def test_garbage_is_an_error_of_ours_or_says_nothing(name: str, frame: str | bytes) -> None:
    with suppress(BadFrameError):
        assert not FEEDS[name]().parse(frame).trades


@pytest.mark.parametrize(
    ("name", "frame", "reason"),
    [
        (
            "coinbase",
            '{"type":"error","message":"Failed to subscribe","reason":"FOO-BAR is not a valid product"}',
            "Failed to subscribe: FOO-BAR is not a valid product",
        ),
        (
            "kraken",
            '{"error":"Currency pair not supported FOO/BAR","method":"subscribe","success":false}',
            "Currency pair not supported FOO/BAR",
        ),
        ("binance", '{"error":{"code":2,"msg":"Invalid request"},"id":1}', r"Invalid request \(2\)"),
    ],
)
def test_a_refusal_says_why(name: str, frame: str, reason: str) -> None:
    with pytest.raises(FeedRefusedError, match=reason):
        FEEDS[name]().parse(frame)

"""The message contract: what is a trade, and what is refused with which reason."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stockstream.errors import BadTradeError
from stockstream.market.trade.codec import EARLIEST, LATEST, decode, encode, validated
from stockstream.market.trade.schema import Trade

GOOD = {
    "trade_id": "0197",
    "timestamp": "2026-11-23T10:00:00.123456Z",
    "symbol": "AAPL",
    "price": 187.12,
    "volume": 120,
    "trade_type": "BUY",
    "source": "synthetic",
    "anomaly": None,
}


def message(**changes: object) -> bytes:
    return json.dumps(GOOD | changes).encode()


def without(field: str) -> bytes:
    return json.dumps({name: value for name, value in GOOD.items() if name != field}).encode()


def raw(field: str, text: bytes) -> bytes:
    """A message whose field has just this text, which no JSON writer would make."""
    return message(**{field: "HERE"}).replace(b'"HERE"', text)


def test_a_good_message_is_a_trade() -> None:
    assert decode(message()) == Trade(
        trade_id="0197",
        timestamp=datetime(2026, 11, 23, 10, 0, 0, 123456, tzinfo=UTC),
        symbol="AAPL",
        price=Decimal("187.12"),
        volume=Decimal(120),
        trade_type="BUY",
        source="synthetic",
        anomaly=None,
    )


def test_source_and_anomaly_are_optional_and_unknown_fields_ignored() -> None:
    fields = {name: value for name, value in GOOD.items() if name not in {"source", "anomaly"}}
    trade = decode(json.dumps(fields | {"venue": {"deep": [1, 2]}}).encode())
    assert (trade.source, trade.anomaly) == ("unknown", None)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        (b"0.1", "0.1"),
        (b"1e5", "100000"),
        (b"12.5E-3", "0.0125"),
        (b"0.00000001", "0.00000001"),
        (b"123456789012345678", "123456789012345678"),
        (b"1234567890.12345678", "1234567890.12345678"),
        (b"9007199254740993", "9007199254740993"),
        (b"1.1000000000", "1.1"),
        (b"5.000000000", "5"),
        (b"123456789012345678.00", "123456789012345678"),
        (b"0.25" + b"0" * 1_000, "0.25"),
        (b"1000e-2", "10"),
    ],
)
def test_a_number_is_read_exactly(text: bytes, amount: str) -> None:
    assert decode(raw("price", text)).price == Decimal(amount)


@pytest.mark.parametrize("offset", ["Z", "+00:00", "-00:00"])
def test_utc_is_written_in_several_ways(offset: str) -> None:
    assert decode(message(timestamp=f"2026-11-23T10:00:00{offset}")).timestamp == datetime(
        2026, 11, 23, 10, tzinfo=UTC
    )


def test_another_offset_is_turned_into_utc() -> None:
    moment = decode(message(timestamp="2026-11-23T10:00:00+05:30")).timestamp
    assert (moment.isoformat(), moment.tzinfo) == ("2026-11-23T04:30:00+00:00", UTC)


@pytest.mark.parametrize(
    "text",
    [
        message()[:-1] + b',"venue":{"price":1,"price":2}}',
        message()[:-1] + b',"venue":1,"venue":2}',
        message(source="price", trade_id='"price"'),
        message().replace(b'"price"', rb'"pric\u0065"'),
        b" \t\r\n" + message().replace(b",", b" ,\n\t").replace(b":", b" : ", 1) + b"\n",
        message()[:-1] + b',"x":' + b"7" * 5_000 + b"}",
    ],
)
def test_what_is_odd_and_yet_clear_is_a_trade(text: bytes) -> None:
    assert decode(text).price == Decimal("187.12")


BAD = {
    "a field twice": (message()[:-1] + b',"price":1}', "price is there 2 times"),
    "the same field twice": (message()[:-1] + b',"symbol":"AAPL"}', "symbol is there 2 times"),
    "a field twice, once in disguise": (message()[:-1] + rb',"pric\u0065":1}', "price is there 2 times"),
    "decimals that are no zeros": (
        raw("price", b"1.1000000000001"),
        "price 1.1000000000001: needs at most 18 digits, 12 of them after the point",
    ),
    "a zero of many digits": (raw("price", b"0." + b"0" * 1_000), "price 0.000"),
    "nothing": (b"", "message is empty"),
    "a tombstone": (None, "message is empty"),
    "a cut message": (message()[:-9], "not JSON"),
    "no JSON": (b"AAPL,187.12,120", "not JSON"),
    "broken UTF-8": (message().replace(b"AAPL", b"\xff\xfe"), "not UTF-8"),
    "broken UTF-8 in an unknown field": (message()[:-1] + b',"x":"\xff"}', "not UTF-8"),
    "two objects": (message() + message(), "not JSON"),
    "an array": (b"[" + message() + b"]", "message is not an object"),
    "a string": (b'"AAPL"', "message is not an object"),
    "null": (b"null", "message is not an object"),
    "deep nesting": (message()[:-1] + b',"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", ""),
    "too large": (message(x="y" * 65_536), "bytes, at most"),
    "no trade_id": (without("trade_id"), "trade_id"),
    "no timestamp": (without("timestamp"), "timestamp"),
    "no symbol": (without("symbol"), "symbol is missing: needs 1 to 32"),
    "no price": (without("price"), "price"),
    "no volume": (without("volume"), "volume"),
    "no trade_type": (without("trade_type"), "trade_type"),
    "an empty trade_id": (message(trade_id=""), "trade_id"),
    "a long trade_id": (message(trade_id="x" * 65), "trade_id"),
    "a number as trade_id": (message(trade_id=7), "trade_id"),
    "a NUL in trade_id": (message(trade_id="a\x00b"), "trade_id"),
    "half a surrogate pair": (message(trade_id="\ud800"), "not JSON"),
    "a local time": (
        message(timestamp="2026-11-23T10:00:00"),
        'timestamp "2026-11-23T10:00:00": needs a time with its offset, such as 2026-01-31T14:30:00Z',
    ),
    "seconds since 1970": (message(timestamp=1764000000), "timestamp"),
    "a day that is not": (message(timestamp="2026-02-30T10:00:00Z"), "timestamp"),
    "a far past": (message(timestamp="1969-12-31T23:59:59Z"), "timestamp"),
    "a far future": (message(timestamp="2200-01-01T00:00:00Z"), "timestamp"),
    "the edge of the calendar": (message(timestamp="0001-01-01T00:00:00+14:00"), "timestamp"),
    "a small symbol": (message(symbol="aapl"), 'symbol "aapl": needs 1 to 32 of A-Z 0-9 . - / _ & ^ = : +'),
    "an empty symbol": (message(symbol=""), "symbol"),
    "a long symbol": (message(symbol="A" * 33), "symbol"),
    "a symbol with a newline": (message(symbol="AAPL\n"), "symbol"),
    "a look-alike symbol": (message(symbol="\u0410APL"), "symbol"),
    "SQL as symbol": (message(symbol="'; DROP TABLE trades; --"), "symbol"),
    "a price as text": (message(price="187.12"), 'price "187.12": needs a number'),
    "no price at all": (message(price=None), "price null: needs a number"),
    "a price as object": (message(price={"value": 1}), 'price {"value": 1}: needs a number'),
    "true as volume": (message(volume=True), "volume true: needs a number"),
    "a volume of zero": (message(volume=0), "volume 0: needs a number above zero"),
    "minus zero": (raw("volume", b"-0.0"), "volume -0.0: needs a number above zero"),
    "a negative volume": (message(volume=-5), "volume -5: needs a number above zero"),
    "NaN": (raw("price", b"NaN"), "not JSON"),
    "Infinity": (raw("price", b"Infinity"), "not JSON"),
    "1e400": (raw("price", b"1e400"), "price 1e400: needs at most 18 digits"),
    "an exponent without end": (raw("price", b"1e99999999999"), "price 1e99999999999: needs a number"),
    "thirteen decimals": (raw("price", b"0.0000000000001"), "12 of them after the point"),
    "many digits and decimals": (raw("price", b"1234567.123456789012"), "needs at most 18 digits"),
    "a flag as text": (message(updates_last="false"), 'updates_last "false": needs true or false'),
    "a flag of null": (message(side_inferred=None), "side_inferred null: needs true or false"),
    "long conditions": (message(conditions="@" * 65), "conditions"),
    "19 digits": (
        raw("volume", b"1234567890123456789"),
        "volume 1234567890123456789: needs at most 18 digits",
    ),
    "a small side": (message(trade_type="buy"), "trade_type"),
    "no such side": (message(trade_type="HOLD"), "trade_type"),
    "a number as source": (message(source=1), "source"),
    "a list as anomaly": (message(anomaly=["price_spike"]), "anomaly"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_message_is_refused_with_its_reason(kind: str) -> None:
    text, reason = BAD[kind]
    with pytest.raises(BadTradeError) as refusal:
        decode(text)
    assert reason in str(refusal.value)


amounts = st.builds(
    lambda digits, decimals: Decimal(digits).scaleb(-decimals),
    st.integers(1, 10**18 - 1),
    st.integers(0, 12),
).filter(lambda amount: len(amount.as_tuple().digits) >= -int(amount.as_tuple().exponent))
names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=64)
trades = st.builds(
    Trade,
    trade_id=names,
    timestamp=st.datetimes(EARLIEST.replace(tzinfo=None), LATEST.replace(tzinfo=None))
    .map(lambda moment: moment.replace(tzinfo=UTC))
    .filter(lambda moment: moment < LATEST),
    symbol=st.from_regex(r"[A-Z0-9./_&^=:+-]{1,32}", fullmatch=True),
    price=amounts | amounts.map(Decimal.__neg__) | st.just(Decimal(0)),
    volume=amounts,
    trade_type=st.sampled_from(["BUY", "SELL", None]),
    conditions=st.none() | names,
    updates_last=st.booleans(),
    side_inferred=st.booleans(),
    corrects=st.none() | names,
    cancels=st.booleans(),
    source=names,
    anomaly=st.none() | names,
)


@given(trades)
def test_a_trade_comes_back_as_it_was(trade: Trade) -> None:
    assert decode(encode(trade)) == trade


@given(trades)
def test_a_trade_is_checked_as_its_message_is(trade: Trade) -> None:
    assert validated(trade) == decode(encode(trade))


@pytest.mark.parametrize(
    "wrong",
    [
        {"trade_id": ""},
        {"trade_id": "a\x00"},
        {"symbol": "aapl"},
        {"source": "x" * 65},
        {"anomaly": ""},
        {"price": Decimal("0.1234567890123")},
        {"volume": Decimal(-1)},
        {"conditions": ""},
        {"timestamp": datetime(2200, 1, 1, tzinfo=UTC)},
    ],
)
def test_a_refusal_has_the_field_the_value_and_the_rule(wrong: dict[str, Any]) -> None:
    trade = decode(message())
    reasons = []
    for check in (validated, lambda made: decode(encode(made))):
        with pytest.raises(BadTradeError) as refused:
            check(replace(trade, **wrong))
        reasons.append(str(refused.value))
    ((field, value),) = wrong.items()
    shown = value.isoformat() if isinstance(value, datetime) else str(value).replace("\0", "")
    for reason in reasons:
        assert re.fullmatch(rf"{field} .*{re.escape(shown[:20])}.*: needs [^\\]+", reason)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_trade_or_refused(text: bytes) -> None:
    try:
        decode(text)
    except BadTradeError as refusal:
        assert str(refusal)  # noqa: PT017 - what is not refused may well be a trade


@given(
    st.sampled_from(sorted(GOOD)),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=5,
    ),
)
def test_any_value_in_a_field_is_read_or_refused(field: str, value: object) -> None:
    try:
        text = msgspec.json.encode(GOOD | {field: value})
    except (UnicodeEncodeError, OverflowError):
        return
    try:
        decode(text)
    except BadTradeError as refusal:
        assert str(refusal)  # noqa: PT017 - what is not refused may well be a trade

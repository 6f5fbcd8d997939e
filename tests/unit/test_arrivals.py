"""Many messages at once give the same answer as each by itself."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockstream.errors import BadTradeError
from stockstream.market.trade import columns
from stockstream.market.trade.arrivals import Messages, sort, split
from stockstream.market.trade.codec import decode, encode
from stockstream.market.trade.schema import Trade
from tests.unit.test_trade import BAD, message, raw, trades

GOOD = [
    message(trade_id=str(number), symbol=symbol, price=price)
    for number, (symbol, price) in enumerate([("AAPL", 187.12), ("V", 0.01), ("BTC-USD", 91234.5)])
]
ODD = [
    message(timestamp="2026-11-23T10:00:00+05:30"),
    message(timestamp="2026-11-23T10:00:00.5+00:00"),
    message(timestamp="2026-11-23T10:00:00Z"),
    message(anomaly="price_spike"),
    message(source="naïve"),
    message(more={"price": [1, 2]}),
    raw("price", b"123456789012345678"),
    raw("price", b"1e5"),
    raw("volume", b"0.00000001"),
    message().replace(b'"price": ', b'"price" :\t'),
    message().replace(b": ", b":").replace(b", ", b","),
    message().replace(b", ", b",\n "),
    message().replace(b'"price"', b'"pric\\u0065"'),
]


def sorted_(values: Sequence[bytes | None]) -> tuple[list[Trade], list[bytes | None]]:
    """The trades in the order of arrival, and the payloads of the dead letters."""
    found = sort(Messages(values, [None] * len(values), [0] * len(values), range(len(values))), {})
    rows = found.trades.to_pylist()
    assert [row["kafka_offset"] for row in rows] == sorted(row["kafka_offset"] for row in rows)
    names = Trade.__struct_fields__
    return [Trade(**{name: row[name] for name in names}) for row in rows], [
        each.payload for each in found.dead
    ]


def each_by_itself(values: Sequence[bytes | None]) -> tuple[list[Trade], list[bytes | None]]:
    good, bad = [], []
    for value in values:
        try:
            good.append(decode(value))
        except BadTradeError:
            bad.append(value)
    return good, bad


def test_plain_messages_are_read_at_once() -> None:
    found = columns.read([each.replace(b": ", b":").replace(b", ", b",") for each in GOOD])
    assert found[1].tolist() == [True] * len(GOOD)


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_message_among_good_ones_is_the_only_dead_letter(kind: str) -> None:
    bad, _ = BAD[kind]
    assert sorted_([GOOD[0], bad, GOOD[1]]) == ([decode(GOOD[0]), decode(GOOD[1])], [bad])


@pytest.mark.parametrize("odd", ODD)
def test_a_rare_spelling_is_read_as_it_is_meant(odd: bytes) -> None:
    assert sorted_([odd]) == ([decode(odd)], [])
    assert sorted_([GOOD[0], odd, GOOD[1]]) == ([decode(GOOD[0]), decode(odd), decode(GOOD[1])], [])


@pytest.mark.parametrize(
    "pair",
    [
        (b'{"trade_id":"1","x":{}', b'{"y":1}}'),
        (GOOD[0][:-1], b"," + GOOD[1][1:]),
        (GOOD[0] + b"\n" + GOOD[1], b'{"trade_id":"7"'),
        (GOOD[0][:-1], b',"x":1}' + GOOD[1]),
        (GOOD[0] + b"\n{", b"}"),
        (b"[" + GOOD[0], GOOD[1] + b"]"),
    ],
)
def test_no_message_lends_another_a_half(pair: tuple[bytes, bytes]) -> None:
    assert sorted_([GOOD[2], *pair]) == ([decode(GOOD[2])], list(pair))


def test_many_bad_among_many_good() -> None:
    chance = random.Random(7)  # noqa: S311 - a mixture, not a secret
    kinds = [bad for bad, _ in BAD.values() if bad is None or len(bad) < 1_000]
    values = [chance.choice(kinds) if chance.random() < 0.1 else chance.choice(GOOD) for _ in range(2_000)]
    assert sorted_(values) == each_by_itself(values)


@given(
    st.lists(
        st.one_of(trades.map(encode), st.sampled_from([*ODD, *GOOD]), st.binary(max_size=60)), max_size=8
    )
)
def test_together_is_as_by_themselves(values: list[bytes]) -> None:
    assert sorted_(values) == each_by_itself(values)


PLAIN = (
    b'{"trade_id":"7","timestamp":"2026-11-23T10:00:00.5Z","symbol":"AAPL",'
    b'"price":187.12,"volume":120,"trade_type":"BUY","source":"x","anomaly":null}'
)
MORE = b',"a":true,"b":false,"c":null,"d":0.5,"e":"text","c":12}'


def is_plain(value: bytes) -> bool:
    return bool(columns.read([value])[1][0])


@pytest.mark.parametrize(
    "value",
    [
        PLAIN,
        PLAIN[:-1] + MORE,
        PLAIN.replace(b',"source":"x","anomaly":null', b""),
        PLAIN.replace(b'"anomaly":null', b'"anomaly":"price_spike"'),
        PLAIN.replace(b":", b" : ").replace(b"T10 : 00 : 00", b"T10:00:00").replace(b"{", b"{\n"),
        PLAIN.replace(b"00.5Z", b"00+00:00"),
        PLAIN.replace(b"00.5Z", b"59.999999Z"),
        PLAIN.replace(b"187.12", b"9999999999.99999999"),
        PLAIN.replace(b"187.12", b"0.00000001"),
        PLAIN.replace(b"2026-11-23", b"2024-02-29"),
    ],
)
def test_what_is_plain_is_read_at_once_and_as_it_is_meant(value: bytes) -> None:
    assert is_plain(value)
    assert sorted_([value]) == ([decode(value)], [])


@given(st.integers(0, len(PLAIN) - 1), st.binary(min_size=0, max_size=3), st.integers(0, 3))
def test_one_slip_anywhere_is_seen_as_by_itself(place: int, slip: bytes, length: int) -> None:
    slipped = PLAIN[:place] + slip + PLAIN[place + length :]
    assert sorted_([PLAIN, slipped, PLAIN]) == each_by_itself([PLAIN, slipped, PLAIN])


@given(st.lists(st.sampled_from([*PLAIN.split(b","), b"{", b"}", b",", b'"price":1', b'"x":1']), max_size=12))
def test_any_order_of_parts_is_seen_as_by_itself(parts: list[bytes]) -> None:
    value = b",".join(parts)
    assert sorted_([value]) == each_by_itself([value])


def test_parts_of_a_batch_are_all_of_it_each_partition_in_one() -> None:
    values = [GOOD[number % 3] if number % 7 else b"no trade" for number in range(40)]
    partitions = [(number * number) % 5 for number in range(40)]
    spans = {each: (0, partitions.count(each)) for each in range(5) if each in partitions}
    whole = sort(Messages(values, [None] * 40, partitions, range(40)), spans)
    parts = split(whole, 2)
    assert [len(part.spans) for part in parts] != [len(spans)]
    assert {key: span for part in parts for key, span in part.spans.items()} == spans
    for part in parts:
        assert {each.partition for each in part.dead} | set(
            part.trades["kafka_partition"].to_pylist()
        ) <= set(part.spans)
    rows = [row for part in parts for row in part.trades.to_pylist()]
    assert sorted(rows, key=lambda row: row["kafka_offset"]) == sorted(
        whole.trades.to_pylist(), key=lambda row: row["kafka_offset"]
    )
    assert sum(len(part.dead) for part in parts) == len(whole.dead)

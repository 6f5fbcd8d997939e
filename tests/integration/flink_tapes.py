"""What the tests send to Flink: all golden tapes, what is no trade, odd spellings, a ramp and a reversal.

Each golden tape has partitions and symbols of its own.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from math import isclose, isnan, nan

import msgspec

from stockstream.market.trade.codec import encode
from stockstream.market.trade.schema import Trade
from tests.golden.cases import CASES, OPENING, PARTITIONS, Arrival, trade

# After those of the golden tapes: one partition for what no golden tape has.
OWN = PARTITIONS * len(CASES)
# Later than all of the golden tapes, whose watermark would otherwise make the patterns' trades late.
LATER = OPENING + timedelta(days=2)
ORDINARY = {
    b"trade_id": b'"1"',
    b"timestamp": b'"2025-11-20T10:00:07.5Z"',
    b"symbol": b'"BAD"',
    b"price": b"1.5e1",
    b"volume": b"20E-1",
    b"trade_type": b'"SELL"',
}
BAD = (
    b"no JSON",
    b"[1, 2]",
    b'"text"',
    b"null",
    b"{}",
    b"",
    b'{"trade_id":',
    *(
        b"{%s}" % b",".join(b'"%s":%s' % field for field in {**ORDINARY, name: value}.items())
        for name, value in (
            (b"timestamp", b'"2025-11-20T10:00:00"'),
            (b"timestamp", b'"yesterday"'),
            (b"timestamp", b"1763632800"),
            (b"timestamp", b'"2205-11-20T10:00:00Z"'),
            (b"timestamp", b'"+999999999-11-20T10:00:00Z"'),
            (b"symbol", b'"BAD\\u0000"'),
            (b"symbol", b'"BAD\\ud800"'),
            (b"symbol", b"null"),
            (b"price", b"1e19"),
            (b"price", b"1e999"),
            (b"price", b'"NaN"'),
            (b"price", b'"dear"'),
            (b"price", b'{"of":{"what":1}}'),
            (b"volume", b"null"),
            (b"volume", b"0"),
            (b"volume", b"-1"),
            (b"trade_type", b'"HOLD"'),
        )
    ),
)
# The same amounts in the same minute, written otherwise than our own producer does. Flink does not read the
# times of the last two: the tape has them.
ODD = [
    b'{"price":1.5e1,"volume":20E-1,"x":{"price":7},"trade_id":"o%d","timestamp":"%s","symbol":"ODD"%s}'
    % (number, moment, side)
    for number, (moment, side) in enumerate(
        [
            (b"2025-11-20T10:00:07.5Z", b',"trade_type":"SELL"'),
            (b"2025-11-20T10:00:07Z", b""),
            (b"2025-11-20T10:00:07.500000000Z", b',"trade_type":null'),
            (b"2025-11-20T11:30:07.5+01:30", b',"trade_type":"SELL"'),
            (b"2025-11-20 10:00:07.500000z", b',"trade_type":"SELL"'),
        ]
    )
]

Sent = tuple[int, str, bytes]
Key = tuple[str, datetime]
Shown = Mapping[str, float]
AMOUNTS = (
    "trade_count",
    "avg_price",
    "min_price",
    "max_price",
    "total_volume",
    "total_value",
    "open",
    "close",
    "vwap",
    "buy_volume",
    "sell_volume",
)


def tapes() -> dict[str, list[Arrival]]:
    """Return the golden tapes by their names."""
    return {
        name: [
            (partition + PARTITIONS * number, msgspec.structs.replace(each, symbol=f"{each.symbol}/{number}"))
            for partition, each in case.trades
        ]
        for number, (name, case) in enumerate(CASES.items())
    }


def thirds(golden: Mapping[str, Sequence[Arrival]]) -> list[list[Sent]]:
    """Return the three thirds of all that is sent."""
    found: list[list[Sent]] = [[], [], []]
    for tape in (*golden.values(), _ramp(), _reversal()):
        cuts = [len(tape) * number // len(found) for number in range(len(found) + 1)]
        for sent, (begin, end) in zip(found, pairwise(cuts), strict=True):
            sent.extend((partition, each.symbol, encode(each)) for partition, each in tape[begin:end])
    found[0].extend((OWN, "BAD", message) for message in BAD)
    found[0].extend((OWN, "ODD", message) for message in ODD)
    return found


def shown(tape: Sequence[Arrival]) -> dict[Key, Shown]:
    """Return what an engine shows of a tape that counts each trade as it comes, repeats and late ones too."""
    minutes: defaultdict[Key, list[Trade]] = defaultdict(list)
    for _, each in tape:
        minutes[each.symbol, each.timestamp.replace(second=0, microsecond=0)].append(each)
    return {key: _candle(trades) for key, trades in minutes.items()}


def _candle(trades: Sequence[Trade]) -> Shown:
    prices = [float(each.price) for each in trades]
    moved = [float(each.price) for each in trades if each.updates_last] or [nan]
    bought = sum(float(each.volume) for each in trades if each.trade_type == "BUY")
    sold = sum(float(each.volume) for each in trades if each.trade_type == "SELL")
    value = sum(float(each.price) * float(each.volume) for each in trades)
    volume = sum(float(each.volume) for each in trades)
    amounts = (
        *(len(trades), sum(prices) / len(trades), min(moved), max(moved), volume, value),
        *(moved[0], moved[-1], value / volume, bought, sold),
    )
    return dict(zip(AMOUNTS, amounts, strict=True))


def are_alike(wanted: Mapping[Key, Shown], got: Mapping[Key, Shown]) -> bool:
    """Whether candles are the same but for how doubles round; NaN is no price."""
    return wanted.keys() == got.keys() and all(
        isclose(amount, got[key][name], rel_tol=1e-12, abs_tol=1e-12)
        or (isnan(amount) and isnan(got[key][name]))
        for key, row in wanted.items()
        for name, amount in row.items()
    )


def _ramp() -> Sequence[Arrival]:
    prices = ["100", "100", "100.4", "100.9", "101.3", "101.8", "102.5", "103", "102.9"]
    return [
        (OWN, trade(LATER + timedelta(seconds=number), "RAMP", price)) for number, price in enumerate(prices)
    ]


def _reversal() -> Sequence[Arrival]:
    prices = ["50", "49.9", "49.6", "49.2", "48.8", "49.1", "49.5", "49.8", "50.1", "50"]
    return [
        (OWN, trade(LATER + timedelta(seconds=number), "TURN", price)) for number, price in enumerate(prices)
    ]

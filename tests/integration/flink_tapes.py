"""What the tests send to Flink: all golden tapes, what is no trade, odd spellings, a ramp and a reversal.

Each golden tape has partitions and symbols of its own.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import msgspec

from stockstream.connectors.postgres import Connection
from stockstream.market.trade import encode
from tests.golden.cases import CASES, OPENING, PARTITIONS, Arrival, trade
from tests.golden.expected import Row, expected

# After those of the golden tapes: one partition for what no golden tape has.
OWN = PARTITIONS * len(CASES)
# Later than all of the golden tapes, whose watermark would otherwise make the patterns' trades late.
LATER = OPENING + timedelta(days=2)
BAD = (
    b"no JSON",
    b"[1, 2]",
    b'"text"',
    b"{}",
    b"",
    *(
        b'{"trade_id":"%s","timestamp":"%s","symbol":"BAD","price":%s,"volume":%s,"trade_type":"%s"}' % each
        for each in (
            (b"", b"2025-11-20T10:00:00Z", b"1", b"1", b"BUY"),
            (b"1", b"2025-11-20T10:00:00", b"1", b"1", b"BUY"),
            (b"2", b"2025-02-30T10:00:00Z", b"1", b"1", b"BUY"),
            (b"3", b"2205-11-20T10:00:00Z", b"1", b"1", b"BUY"),
            (b"4", b"2025-11-20T10:00:00Z", b"0", b"1", b"BUY"),
            (b"5", b"2025-11-20T10:00:00Z", b"-1", b"1", b"BUY"),
            (b"6", b"2025-11-20T10:00:00Z", b"1.123456789", b"1", b"BUY"),
            (b"7", b"2025-11-20T10:00:00Z", b"1", b"12345678901.12345678", b"BUY"),
            (b"8", b"2025-11-20T10:00:00Z", b"1e18", b"1", b"BUY"),
            (b"9", b"2025-11-20T10:00:00Z", b"1", b"null", b"BUY"),
            (b"10", b"2025-11-20T10:00:00Z", b"1", b"1", b"HOLD"),
        )
    ),
)
# The same moment and the same amounts, written otherwise than our own producer does.
ODD = [
    b'{"price":1.5e1,"volume":20E-1,"x":{"price":7},"trade_id":"o%d","timestamp":"%s","symbol":"ODD","trade_type":"SELL"}'
    % (number, moment)
    for number, moment in enumerate([b"2025-11-20T11:30:07.5+01:30", b"2025-11-20 10:00:07.500000z"])
]

Sent = tuple[int, str, bytes]
Key = tuple[str, datetime]


def tapes(connection: Connection) -> tuple[list[list[Sent]], dict[Key, Row]]:
    """Return the three thirds of all that is sent, and the candles of it by plain SQL."""
    thirds: list[list[Sent]] = [[], [], []]
    candles: dict[Key, Row] = {}
    for number, case in enumerate(CASES.values()):
        tape = [
            (partition + PARTITIONS * number, msgspec.structs.replace(each, symbol=f"{each.symbol}/{number}"))
            for partition, each in case.trades
        ]
        candles |= expected(connection, tape)
        _deal(tape, thirds)
    thirds[0].extend((OWN, "BAD", message) for message in BAD)
    thirds[0].extend((OWN, "ODD", message) for message in ODD)
    _deal(_ramp(), thirds)
    _deal(_reversal(), thirds)
    return thirds, candles


def _deal(tape: Sequence[Arrival], thirds: Sequence[list[Sent]]) -> None:
    cuts = [len(tape) * number // len(thirds) for number in range(len(thirds) + 1)]
    for sent, (begin, end) in zip(thirds, pairwise(cuts), strict=True):
        sent.extend((partition, each.symbol, encode(each)) for partition, each in tape[begin:end])


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

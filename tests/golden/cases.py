"""The golden tapes: sequences of trades whose candles must be those of plain SQL, whatever made them first.

Each symbol is in one partition, as it is when messages are keyed by it, and all times but those said
to be far ahead lie in the past of any clock.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count, pairwise

from stockstream.market.trade.schema import Side, Trade

OPENING = datetime(2025, 11, 20, 10, tzinfo=UTC)
FAR_AHEAD = datetime(2150, 1, 1, tzinfo=UTC)
PARTITIONS = 3

Arrival = tuple[int, Trade]


@dataclass(frozen=True)
class Case:
    """A tape.

    Args:
        trades: partition and trade, in the order of arrival.
        pauses: places in `trades` before which all that came earlier has been read by the engine.
        restarts: pauses at which the engine is also killed and started again.
    """

    trades: Sequence[Arrival]
    pauses: tuple[int, ...] = ()
    restarts: tuple[int, ...] = ()

    @property
    def steps(self) -> list[tuple[bool, Sequence[Arrival]]]:
        """The tape cut at its pauses; each piece with whether the engine is restarted before it."""
        cuts = sorted({0, *self.pauses, *self.restarts, len(self.trades)})
        return [(begin in self.restarts, self.trades[begin:end]) for begin, end in pairwise(cuts)]


_numbers = count()


def trade(  # noqa: PLR0913, PLR0917 - a trade has that many fields
    second: float | datetime,
    symbol: str = "AAPL",
    price: str = "100",
    volume: str = "1",
    side: Side | None = "BUY",
    trade_id: str = "",
    source: str = "golden",
    *,
    updates_last: bool = True,
) -> Trade:
    """Return a trade so many seconds after the opening; without a name it gets one of its own.

    Amounts have no idle zeros, as the contract's readers leave none: SQL's quotients show as many digits
    as the numbers that go into them.
    """
    moment = second if isinstance(second, datetime) else OPENING + timedelta(seconds=second)
    return Trade(
        trade_id=trade_id or f"g{next(_numbers):06}",
        timestamp=moment,
        symbol=symbol,
        price=_amount(price),
        volume=_amount(volume),
        trade_type=side,
        source=source,
        updates_last=updates_last,
    )


def _amount(text: str) -> Decimal:
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)


def _random(seconds: Iterable[float], symbols: Sequence[str], seed: int) -> list[Arrival]:
    """Return a trade for each second given, of a random symbol, which tells its partition."""
    chance, tape = random.Random(seed), []  # noqa: S311 - a tape, no secret
    for second in seconds:
        place = chance.randrange(len(symbols))
        tape.append(
            (
                place % PARTITIONS,
                trade(
                    max(round(second, 6), 0),
                    symbols[place],
                    f"{chance.uniform(0.5, 70_000):.{chance.choice([1, 2, 8])}f}",
                    f"{chance.uniform(0.001, 9_999):.{chance.choice([3, 8])}f}",
                    chance.choice(["BUY", "SELL"]),
                ),
            )
        )
    return tape


def _one(*trades: Trade) -> list[Arrival]:
    return [(0, each) for each in trades]


def _in_order() -> Case:
    return Case(_random((number / 4 for number in range(1_200)), ("AAPL", "MSFT", "BTC-USD"), seed=1))


def _disordered_within_lateness() -> Case:
    chance = random.Random(2)  # noqa: S311
    seconds = [number / 4 - chance.uniform(0, 4.9) for number in range(1_200)]
    return Case(_random(seconds, ("AAPL", "MSFT", "BTC-USD"), seed=2))


def _disordered_beyond_lateness() -> Case:
    tape = _one(trade(1), trade(50), trade(65), trade(130))
    late = _one(trade(2), trade(59.999999, price="7"), trade(61, price="8"), trade(127))
    more = _one(trade(300), trade(240, price="9"), trade(299))
    later = _one(trade(180), trade(241), trade(1, symbol="IBM"))
    return Case([*tape, *late, *more, *later], pauses=(4, 8, 9, 11))


def _edge_of_lateness() -> Case:
    inside = _one(trade(1), trade(64.999999), trade(59, price="7"))
    outside = _one(trade(65), trade(59.5, price="8"), trade(60, price="9"))
    return Case([*inside, *outside], pauses=(2, 3, 4))


def _idle_symbols() -> Case:
    """One partition falls silent, another never speaks; a quiet symbol comes back."""
    tape = [(0, trade(1)), (1, trade(2, "MSFT")), (0, trade(3, "IBM"))]
    tape += [(0, trade(second)) for second in range(10, 600, 10)]
    tape += [(0, trade(598, "IBM", "7"))]
    return Case(tape)


def _duplicates() -> Case:
    first, second, third = trade(1, trade_id="a"), trade(2, trade_id="b"), trade(62, trade_id="c")
    late = trade(30, trade_id="late", price="9")
    tape = _one(first, first, second, first, third, second)
    same_name = _one(trade(3, trade_id="a", source="venue"), trade(3, "IBM", trade_id="a"))
    after = _one(trade(70), first, second, trade(71), late, late, third, trade(72))
    return Case([*tape, *same_name, *after, *_one(first, third)], pauses=(8, 9, 12, 16))


def _boundaries() -> Case:
    seconds = [0, 0.000001, 59.999999, 60, 60.000001, 119.999999, 120, 179.999999, 180]
    edges = [trade(second, price=str(number + 1)) for number, second in enumerate(seconds)]
    midnight = datetime(2025, 11, 21, tzinfo=UTC)
    tiny = timedelta(microseconds=1)
    return Case(_one(*edges, *(trade(each) for each in (midnight - tiny, midnight, midnight + tiny))))


def _same_microsecond() -> Case:
    return Case(_one(*(trade(5, price=price, trade_id=f"s{9 - int(price)}") for price in "31425")))


def _partition_skew() -> Case:
    """One partition runs ten minutes ahead of another, and ends before that one has begun."""
    ahead = [(0, trade(second)) for second in range(0, 900, 7)]
    behind = [(1, trade(second, "MSFT")) for second in range(0, 300, 7)]
    mixed = [(2, trade(second, "BTC-USD", "0.5", "0.001", "SELL")) for second in range(100, 200, 3)]
    return Case([*ahead, *behind, *mixed])


def _far_ahead() -> Case:
    """A clock that runs years ahead closes nobody's candle."""
    tape = _one(trade(1), trade(FAR_AHEAD, price="7"), trade(2), trade(30), trade(40), trade(61), trade(62))
    return Case(tape, pauses=(2, 5))


def _gaps() -> Case:
    seconds = [1, 2, 301, 302, 7_200, 7_201, 90_000, 90_001.5, 200_000]
    return Case(_one(*(trade(second, price=str(second)) for second in seconds)))


def _restarts() -> Case:
    chance = random.Random(3)  # noqa: S311
    seconds = [number / 4 - chance.uniform(0, 4.9) for number in range(800)]
    tape = _random(seconds, ("AAPL", "MSFT", "BTC-USD"), seed=3)
    repeated = [*tape[:300], *tape[280:300], *tape[300:]]
    return Case(repeated, restarts=(150, 310, 560))


def _restart_with_late_trades() -> Case:
    tape = _one(trade(1, trade_id="a"), trade(55), trade(61), trade(62))
    within = _one(trade(58, price="7"), trade(1, trade_id="a"))
    beyond = _one(trade(66), trade(59, price="8"), trade(63, price="9"), trade(1, trade_id="a"))
    return Case([*tape, *within, *beyond], pauses=(7,), restarts=(4, 6, 9))


def _amounts() -> Case:
    """The largest, the smallest and the longest, and sums that no 64 bits hold."""
    large = [trade(second, price="999999999999999999", volume="999999999999999999") for second in range(20)]
    low = [trade(240 + n, price="-999999999999999999", volume="999999999999999999") for n in range(20)]
    tiny = [trade(300 + n, "PEPE-USD", "0.000001234567", "123456789012") for n in range(3)]
    fine = [trade(60 + second, price="9999999999.99999999", volume="0.00000001") for second in range(20)]
    mixed = [trade(120, price="0.00000001"), trade(121, price="9999999999.99999999", volume="9999999999")]
    thirds = [trade(180 + n, price="3.33", volume="0.33333333", side="SELL") for n in range(3)]
    return Case(_one(*large, *fine, *mixed, *thirds, *low, *tiny))


def _one_sided() -> Case:
    return Case(
        _one(trade(1, side="SELL"), trade(2, side="SELL"), trade(61), trade(121), trade(122, side="SELL"))
    )


def _unknown_sides() -> Case:
    sides: list[Side | None] = ["BUY", None, "SELL", None, None, "BUY"]
    return Case(_one(*(trade(13 * n, volume=f"{n + 1}.5", side=side) for n, side in enumerate(sides))))


def _prices_below_zero() -> Case:
    """Oil on 20 April 2020: through zero and back, and minutes that never are above it."""
    prices = ["0.01", "0", "-0.01", "-37.63", "-40.32", "-13.1", "-37.63", "0", "0", "0.1"]
    return Case(_one(*(trade(20 * number, "CL=F", price) for number, price in enumerate(prices))))


def _off_the_last_price() -> Case:
    """Prints that count in the sums only: beside others, first and last of a minute, and alone in one."""
    odd = [trade(second, price="1", updates_last=False) for second in (0, 10, 59, 61, 62, 130)]
    usual = [trade(second, price=price) for second, price in ((5, "100"), (20, "101"), (125, "99"))]
    return Case(_one(*sorted([*odd, *usual], key=lambda each: each.timestamp)), pauses=(4,), restarts=(6,))


def _many_symbols() -> Case:
    symbols = [f"S{number:03}" for number in range(300)]
    chance = random.Random(4)  # noqa: S311
    return Case(_random((number / 20 - chance.uniform(0, 3) for number in range(4_000)), symbols, seed=4))


def _gap_filled_by_symbol() -> Case:
    """A feed was cut for three minutes, and fills its gap one symbol after the other, in one partition."""
    symbols = ("AAPL", "MSFT")
    before = [trade(second, symbol) for second in range(0, 60, 5) for symbol in symbols]
    filled = [trade(second, symbol, str(second)) for symbol in symbols for second in range(60, 240, 15)]
    after = [trade(second, symbol) for second in range(240, 300, 5) for symbol in symbols]
    return Case(_one(*before, *filled, *after), pauses=(len(before), len(before) + len(filled)))


def _sorted_by_symbol() -> Case:
    tape = _random((number * 9.7 for number in range(1_500)), [f"S{number}" for number in range(30)], seed=5)
    return Case(sorted(tape, key=lambda arrival: arrival[1].symbol))


def _day_backwards() -> Case:
    tape = _random((number * 97 for number in range(890)), ("AAPL", "MSFT", "BTC-USD"), seed=6)
    return Case(tape[::-1], pauses=(300,), restarts=(600,))


CASES: dict[str, Case] = {
    "in order": _in_order(),
    "disordered within lateness": _disordered_within_lateness(),
    "disordered beyond lateness": _disordered_beyond_lateness(),
    "edge of lateness": _edge_of_lateness(),
    "idle symbols": _idle_symbols(),
    "duplicates": _duplicates(),
    "boundaries": _boundaries(),
    "same microsecond": _same_microsecond(),
    "partition skew": _partition_skew(),
    "far ahead": _far_ahead(),
    "gaps": _gaps(),
    "restarts": _restarts(),
    "restart with late trades": _restart_with_late_trades(),
    "amounts": _amounts(),
    "one-sided": _one_sided(),
    "unknown sides": _unknown_sides(),
    "prices below zero": _prices_below_zero(),
    "off the last price": _off_the_last_price(),
    "many symbols": _many_symbols(),
    "gap filled by symbol": _gap_filled_by_symbol(),
    "sorted by symbol": _sorted_by_symbol(),
    "a day backwards": _day_backwards(),
}

"""Windows under any order of reading, any cut into batches, and any restart."""

from hypothesis import given
from hypothesis import strategies as some

from stockstream.market.windows_frame import SECOND
from tests.unit.windows_tape import LATER, Desk, Tick, expected, summary

DISORDER = 5

amounts = some.decimals(min_value="0.00000001", max_value="9999999999", places=8).map(str)


@some.composite
def ticks(draw: some.DrawFn) -> list[Tick]:
    """A tape of about ten minutes, of which no trade is more than the allowed lateness behind."""
    steps = draw(some.lists(some.floats(0, 30), max_size=25))
    tape, second = [], 0.0
    for number, step in enumerate(steps):
        second += step
        back = draw(some.floats(0, DISORDER))
        symbol = draw(some.sampled_from(["AAPL", "IBM", "GE"]))
        tape.append(
            Tick(
                max(second - back, 0),
                symbol,
                draw(amounts),
                draw(amounts),
                str(number),
                draw(some.booleans()),
            )
        )
    return tape


# The first example loads compiled code.
@given(tape=ticks(), data=some.data())
def test_any_cut_and_interleaving_gives_the_candles_of_plain_arithmetic(
    tape: list[Tick], data: some.DataObject
) -> None:
    desk = Desk(partitions=(0, 1, 2), lateness=2 * DISORDER * SECOND)
    for tick in tape:
        desk.produce(tick, partition=["AAPL", "IBM", "GE"].index(tick.symbol))
    while any(desk.read_to[each] < len(desk.tapes[each]) for each in (0, 1, 2)):
        desk.read(data.draw(some.integers(1, 5)), partition=data.draw(some.integers(0, 2)))
        if data.draw(some.booleans()):
            desk.store()
        if data.draw(some.integers(0, 9)) == 0:
            desk.start(LATER)
    desk.store(ended=True)
    assert {key: summary(candle) for key, candle in desk.candles.items()} == expected(desk.tapes)
    assert desk.late == []
    assert desk.final() == set(desk.candles)


# The first example loads compiled code.
@given(seconds=some.lists(some.integers(0, 300), max_size=40), data=some.data())
def test_restarts_change_nothing_even_when_trades_come_too_late(
    seconds: list[int], data: some.DataObject
) -> None:
    tape = [Tick(second, name=str(number)) for number, second in enumerate(seconds)]
    calm, shaken = Desk(), Desk()
    calm.trade(*tape)
    shaken.produce(*tape)
    while shaken.read_to[0] < len(tape):
        shaken.read(data.draw(some.integers(1, 5)))
        if data.draw(some.booleans()):
            shaken.store()
        if data.draw(some.integers(0, 4)) == 0:
            shaken.start(LATER)
    shaken.store()
    assert shaken.candles == calm.candles
    assert sorted(shaken.late) == sorted(calm.late)

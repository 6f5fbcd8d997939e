"""The pace: exact by schedule, calm after a stall; event times are of now and always rise."""

from itertools import pairwise
from threading import Event

import numpy as np
import pytest

from stockstream.jobs.produce.pace import GRACE, OLDEST, EventTimes, Pace
from stockstream.jobs.produce.simulated_source import SyntheticSource
from stockstream.market.simulator import Market, listed
from stockstream.market.trade import codec
from stockstream.market.trade.schema import Trade

START = 1_795_456_042_000_000


class HandClock:
    """A clock that moves when the test moves it."""

    def __init__(self) -> None:
        self.elapsed = 0.0

    def monotonic(self) -> float:
        """Return where the test has moved it."""
        return self.elapsed

    def now(self) -> int:
        """Return the same, as microseconds since 1970."""
        return START + round(self.elapsed * 1e6)


class PassingTime(Event):
    """A stop event whose waiting moves the clock, a little longer than asked, as sleeping does."""

    def __init__(self, clock: HandClock) -> None:
        super().__init__()
        self._clock = clock

    def wait(self, timeout: float | None = None) -> bool:
        """Let the time pass at once."""
        self._clock.elapsed += (timeout or 0.0) + 0.0003
        return self.is_set()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def source(clock: HandClock, rate: float, *, paced: bool = True) -> SyntheticSource:
    market = Market(np.random.default_rng(1), listed(10), rate)
    return SyntheticSource(market, clock, np.random.default_rng(), paced=paced)


@pytest.mark.parametrize("rate", [2.0, 100.0, 10_000.0])
def test_a_minute_has_its_exact_number_of_trades(clock: HandClock, rate: float) -> None:
    trades, opened, stop = 0, source(clock, rate), PassingTime(clock)
    while clock.elapsed < 60.0:
        trades += len(opened.next_messages(10_000, stop))
    assert trades == pytest.approx(60 * rate, rel=0.002, abs=1)


def test_the_first_trade_is_due_at_once(clock: HandClock) -> None:
    assert Pace(clock).due(np.array([0.0, 0.5])).tolist() == [0]


def test_a_short_stall_is_made_up(clock: HandClock) -> None:
    pace = Pace(clock)
    clock.elapsed = 0.9
    assert pace.due(np.arange(20) / 10).size == 10


def test_a_long_stall_is_left_out_of_the_schedule(clock: HandClock) -> None:
    pace = Pace(clock)
    clock.elapsed = 3600.0
    at = np.arange(0, 100) / 10
    assert pace.due(at).size == GRACE * 10 + 1
    clock.elapsed += 0.5
    assert pace.due(at[11:]).size == 5


def test_event_times_rise_and_are_never_of_the_future(clock: HandClock) -> None:
    clock.elapsed = 5.0
    times = EventTimes(clock)
    first = times.of(np.array([3_000_000, 2_000_000, 20, 20, 20]))
    assert np.all(np.diff(first) > 0)
    assert clock.now() - OLDEST - 10 <= first[0] <= first[-1] <= clock.now()


def test_event_times_rise_when_the_clock_is_set_back(clock: HandClock) -> None:
    times = EventTimes(clock)
    clock.elapsed = 5.0
    before = times.of(np.array([0]))
    clock.elapsed = 1.0
    assert times.of(np.array([0]))[0] > before[0]


def test_a_paced_trade_is_stamped_with_the_moment_it_was_due(clock: HandClock) -> None:
    opened, stop = source(clock, 10.0), PassingTime(clock)
    seen = []
    while clock.elapsed < 3.0:
        arrived = [codec.decode(value).timestamp for value in opened.next_messages(100, stop).values]
        seen += [clock.now() / 1e6 - moment.timestamp() for moment in arrived]
    assert len(seen) >= 30
    assert min(seen) >= -1e-5
    assert max(seen) < 0.05


def test_the_same_seed_gives_the_same_trades_at_any_waiting(clock: HandClock) -> None:
    streams = []
    for most in (7, 10_000):
        opened, stop = source(clock, 100.0), PassingTime(clock)
        trades: list[Trade] = []
        while len(trades) < 300:
            trades += [codec.decode(value) for value in opened.next_messages(most, stop).values]
        streams.append([(each.symbol, each.price, each.volume, each.anomaly) for each in trades[:300]])
    assert streams[0] == streams[1]


def test_unpaced_trades_come_at_once_and_rise_in_time(clock: HandClock) -> None:
    opened = source(clock, 100_000.0, paced=False)
    moments = []
    for _ in range(3):
        clock.elapsed += 0.02
        messages = opened.next_messages(10_000, Event())
        moments += [codec.decode(value).timestamp for value in messages.values]
    assert len(moments) == 30_000
    assert all(earlier < later for earlier, later in pairwise(moments))


def test_a_stop_ends_the_wait(clock: HandClock) -> None:
    opened, stop = source(clock, 0.01), Event()
    assert len(opened.next_messages(10, stop)) == 1
    stop.set()
    assert len(opened.next_messages(10, stop)) == 0

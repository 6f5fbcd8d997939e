"""Partitions that are read at their own pace are heard in the order of time."""

from datetime import timedelta
from decimal import Decimal

import pytest

from stockstream.connectors.kafka.batch import Batch
from stockstream.jobs.detect import alignment
from stockstream.jobs.detect.alignment import SILENT, Alignment
from stockstream.market.anomalies.features.trade_window import EPOCH
from stockstream.market.trade.codec import encode
from stockstream.market.trade.schema import Trade

BOTH = {0, 1}
NONE: set[int] = set()


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands still."""
    return Clock()


def batch(partition: int, first: int, *seconds: float) -> Batch:
    """Return trades of one partition, at offsets from `first` on."""
    values: list[bytes | None] = [_message(f"{partition}-{each}", each) for each in seconds]
    offsets = list(range(first, first + len(seconds)))
    return Batch(
        values,
        [None] * len(values),
        [partition] * len(values),
        offsets,
        {partition: (first, first + len(seconds))},
    )


def _message(name: str, second: float) -> bytes:
    return encode(
        Trade(
            trade_id=name,
            timestamp=EPOCH + timedelta(seconds=second),
            symbol="A",
            price=Decimal(1),
            volume=Decimal(1),
            trade_type="BUY",
            source="doc",
        )
    )


def places(through: alignment.ReleasedTrades) -> list[tuple[int, int]]:
    """Return partition and offset of each trade."""
    return [
        (partition, offset)
        for partition, trades in through.trades.items()
        for offset in trades["kafka_offset"].to_pylist()
    ]


def test_a_trade_waits_until_the_slower_partition_is_read_as_far(clock: Clock) -> None:
    aligned = Alignment(clock)
    aligned.add(batch(0, 0, 1.0, 2.0, 9.0))
    assert aligned.let_through(BOTH, NONE).spans == {}
    aligned.add(batch(1, 5, 1.5, 3.0))
    through = aligned.let_through(BOTH, NONE)
    assert places(through) == [(0, 0), (0, 1), (1, 5), (1, 6)]
    assert through.spans == {0: (0, 2), 1: (5, 7)}
    assert aligned.holds
    aligned.add(batch(1, 7, 9.5))
    assert places(aligned.let_through(BOTH, NONE)) == [(0, 2)]


def test_who_has_nothing_left_or_is_silent_is_not_waited_for(clock: Clock) -> None:
    aligned = Alignment(clock)
    aligned.add(batch(0, 0, 1.0))
    assert places(aligned.let_through(BOTH, {1})) == []
    assert places(aligned.let_through(BOTH, {1})) == [(0, 0)]
    aligned.add(batch(0, 1, 2.0))
    clock.now = SILENT - 1
    aligned.add(batch(0, 2, 3.0))
    assert places(aligned.let_through(BOTH, NONE)) == []
    clock.now = SILENT + 1
    assert places(aligned.let_through(BOTH, NONE)) == [(0, 1), (0, 2)]


def test_who_seemed_to_have_nothing_left_is_heard_before_others_of_its_time_are_judged(clock: Clock) -> None:
    aligned = Alignment(clock)
    aligned.add(batch(0, 0, 5.0, 6.0))
    assert places(aligned.let_through(BOTH, {1})) == []
    aligned.add(batch(1, 0, 5.5))
    assert places(aligned.let_through(BOTH, NONE)) == [(0, 0), (1, 0)]
    assert places(aligned.let_through(BOTH, {0, 1})) == [(0, 1)]


def test_what_is_no_trade_moves_its_partition_on(clock: Clock) -> None:
    aligned = Alignment(clock)
    aligned.add(Batch([b"{}", None], [None] * 2, [0, 0], [3, 4], {0: (3, 5)}))
    through = aligned.let_through({0}, {0})
    assert (through.trades, through.spans) == ({}, {0: (3, 5)})


def test_a_partition_that_is_taken_away_or_read_anew_forgets_what_waits(clock: Clock) -> None:
    aligned = Alignment(clock)
    aligned.add(batch(0, 0, 5.0))
    aligned.add(batch(1, 0, 1.0))
    aligned.drop(0)
    aligned.add(batch(0, 0, 5.0))
    assert places(aligned.let_through(BOTH, NONE)) == [(1, 0)]
    assert places(aligned.let_through({1}, {1})) == []
    assert not aligned.holds


def test_a_partition_far_ahead_need_not_be_read(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alignment, "AHEAD", 2)
    aligned = Alignment(clock)
    aligned.add(batch(0, 0, 5.0, 6.0))
    aligned.add(batch(1, 0, 1.0))
    aligned.let_through(BOTH, NONE)
    assert aligned.ahead == {0}

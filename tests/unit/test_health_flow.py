"""The flow: trades keep coming, and candles follow them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from stockstream.connectors.postgres.read.probes import NewestCandle, NewestDeadLetter, NewestTrade, Progress
from stockstream.jobs.health.check_result import State
from stockstream.jobs.health.flow import judge_candles, judge_trades
from stockstream.jobs.health.samples import SamplePair
from stockstream.jobs.health.tables import TablesSample

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
LIMIT = 10.0
REMEDY = "start it"


def sample(trade_age: float | None, idle: float | None, refused: float | None = None) -> TablesSample:
    places = {} if idle is None else {0: Progress(7, idle), 1: Progress(7, 3600)}
    return TablesSample(
        consumer=SamplePair(places, places),
        trade=None if trade_age is None else NewestTrade(NOON, trade_age),
        dead_letter=None if refused is None else NewestDeadLetter("price is not a number", refused),
    )


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        pytest.param(sample(1, 1), State.OK, id="flows"),
        pytest.param(sample(-5, 1), State.OK, id="the venue's clock is ahead"),
        pytest.param(sample(86_400, 1), State.OK, id="replays another day"),
        pytest.param(sample(None, 1), State.WAITING, id="has just started"),
        pytest.param(sample(60, 60), State.FAILED, id="has stopped"),
        pytest.param(sample(-3600, 60), State.FAILED, id="has stopped, and the clock was ahead"),
        pytest.param(sample(None, 60), State.FAILED, id="nothing ever came"),
        pytest.param(sample(None, None), State.FAILED, id="nothing ever ran"),
        pytest.param(sample(60, 1, refused=1), State.FAILED, id="all is refused"),
        pytest.param(sample(1, 1, refused=1), State.OK, id="some are refused"),
        pytest.param(sample(86_400, 1, refused=3600), State.OK, id="replays, and refused one an hour ago"),
    ],
)
def test_trades_flow_while_the_consumer_moves(seen: TablesSample, state: State) -> None:
    assert judge_trades(seen, LIMIT, REMEDY).state is state


def test_the_reason_of_a_refusal_is_told() -> None:
    assert "price is not a number" in judge_trades(sample(None, 1, refused=1), LIMIT, REMEDY).detail


CANDLE = NewestCandle(NOON, idle=1)


@pytest.mark.parametrize(
    ("trade", "candle", "state"),
    [
        pytest.param(NOON - timedelta(seconds=1), CANDLE, State.OK, id="holds the newest trade"),
        pytest.param(NOON + timedelta(seconds=1), CANDLE, State.OK, id="the next window has just begun"),
        pytest.param(NOON + timedelta(seconds=60), replace(CANDLE, idle=90), State.FAILED, id="stopped"),
        pytest.param(NOON - timedelta(hours=1), replace(CANDLE, idle=3600), State.OK, id="a quiet market"),
        pytest.param(NOON, None, State.WAITING, id="none yet"),
    ],
)
def test_candles_follow_the_trades(trade: datetime, candle: NewestCandle | None, state: State) -> None:
    assert judge_candles(NewestTrade(trade, 1), candle, LIMIT, REMEDY).state is state

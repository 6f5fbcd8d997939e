"""Whether trades reach the tables and candles follow them."""

from stockstream.connectors.postgres.read.probes import NewestCandle, NewestTrade
from stockstream.jobs.health.check_result import Check, failed, ok, waiting
from stockstream.jobs.health.tables import TablesSample

LEAST_LIMIT = 10.0
INTERVALS = 5
# An open candle is written at least once in this many seconds; Flink writes less often.
CANDLE_LIMIT = 30.0
FLINK_LIMIT = 60.0


def limit_of(interval: float) -> float:
    """Return the number of seconds without a trade after which the flow has stopped.

    >>> limit_of(0.5), limit_of(60)
    (10.0, 300)
    """
    return max(LEAST_LIMIT, INTERVALS * interval)


def judge_trades(sample: TablesSample, limit: float, remedy: str) -> Check:
    """Judge the tape by the consumer's last step and by the event time of its newest trade.

    An old event time is not a fault while the consumer advances: it may be a replay or a backlog.
    """
    trade, letter, idle = sample.trade, sample.dead_letter, _idle(sample)
    is_old = trade is None or trade.age > limit
    if idle > limit:
        newest = f"the newest is {_span(trade.age)} old" if trade else "none has ever been stored"
        return failed("trades", f"{newest}; the limit without one is {_span(limit)}", remedy)
    if is_old and letter is not None and letter.age <= limit:
        what = f"messages arrive and are refused, the last because: {letter.reason}"
        return failed("trades", what, "look into the table dead_letters, and mend what sends them")
    if trade is None:
        return waiting("trades", "none has been stored yet", remedy)
    if is_old:
        return ok("trades", f"the consumer moves among trades of {trade.at:%Y-%m-%d %H:%M:%S} UTC")
    return ok("trades", f"the newest is {_span(max(trade.age, 0))} old")


def candle_limit(limit: float, engine: str | None) -> float:
    """Return the number of seconds without a candle after which the engine has stopped.

    >>> candle_limit(10, "aggregator"), candle_limit(10, "flink"), candle_limit(300, "flink")
    (30.0, 60.0, 300)
    """
    return max(limit, FLINK_LIMIT if engine == "flink" else CANDLE_LIMIT)


def judge_candles(trade: NewestTrade | None, candle: NewestCandle | None, limit: float, remedy: str) -> Check:
    """Judge the candles: the newest window contains the newest trade, or is about to be written."""
    if candle is None:
        return waiting("candles", "none yet: the first comes with the first minute of trades", remedy)
    if trade is not None and trade.at >= candle.window_end and candle.idle > limit:
        gap = _span((trade.at - candle.window_end).total_seconds())
        return failed("candles", f"the newest ends {gap} before the newest trade", remedy)
    return ok(
        "candles", f"the newest ends {candle.window_end:%H:%M:%S} UTC, written {_span(candle.idle)} ago"
    )


def _idle(sample: TablesSample) -> float:
    """Return the seconds since the consumer last advanced in any partition."""
    return min((place.idle for place in sample.consumer.after.values()), default=float("inf"))


def _span(seconds: float) -> str:
    """Format a duration for people.

    >>> _span(3.21), _span(125), _span(90_000)
    ('3.2 s', '2 min', '25 h')
    """
    if seconds < 100:  # noqa: PLR2004 - where seconds stop being easy to grasp
        return f"{seconds:.2g} s"
    if seconds < 2 * 3600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h"

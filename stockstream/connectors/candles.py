"""The candles' table with its fence, for one aggregator of one topic.

The session that writes holds the candles for aggregators (see `engine_lock`): none writes beside Flink.

Order of effects of `write`, in one transaction: the fence moves the job on in every partition it
holds, then the candles, then the late trades, then the marks from which a restart goes on, then
COMMIT. A crash between any two repeats the checkpoint, and the fence makes the repeat harmless: a
COMMIT whose outcome is unknown is settled by reading the place again.

A trade that came after its window was gone is not counted at once, because it may be a repeat of one
that was counted there. It waits in `late_arrivals` until the tape has it: the tape keeps the place of
the first of its kind, and only the trade at that place is counted. So counted and late trades together
are the rows of `trades`, once the consumer has stored them all.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the driver's class has a small name

from stockstream.connectors import fence, schema
from stockstream.connectors.engine_lock import REMEDY
from stockstream.connectors.postgres import Address
from stockstream.connectors.session import Session
from stockstream.connectors.sql import query
from stockstream.errors import EngineRunsError, FencedError
from stockstream.market.candle import Candle
from stockstream.market.trade import Trade
from stockstream.market.windows_checkpoint import NEVER, Checkpoint, LateTrade, Mark
from stockstream.market.windows_columns import microseconds, moment

JOB = "aggregator"


class CandleTable:
    """Where candles are written, each checkpoint with the place it was made at."""

    def __init__(self, address: Address, topic: str, job: str = JOB) -> None:
        """Prepare; the connection is opened when it is needed, and again after it broke."""
        self.job = job
        self._topic = topic
        self._session = Session(address, JOB)
        self._owned: dict[int, fence.Place] = {}
        self.has_waiting = False

    def check(self) -> None:
        """Raise SchemaMissingError, SchemaTooNewError or EngineRunsError unless we may write the tables."""
        schema.require(self._session.connection, self._session.address)
        self._session.transaction(self.lock)

    def claim(self, partitions: Sequence[int]) -> dict[int, Mark]:
        """Take partitions over; returns where each stands."""
        places, marks = self._session.transaction(lambda cursor: self._claim(cursor, partitions))
        self._owned |= places
        self.has_waiting = True
        return marks

    def write(self, checkpoint: Checkpoint) -> None:
        """Store a checkpoint.

        Raises:
            FencedError: another aggregator has taken a partition over; nothing was written.
            RecoverableError: the database is away; write the same checkpoint again.
        """
        steps = [
            fence.Step(partition, self._owned[partition].next_offset, mark.next_offset)
            for partition, mark in checkpoint.marks.items()
        ]
        try:
            self._session.transaction(lambda cursor: self._write(cursor, steps, checkpoint))
        except FencedError:
            if not fence.has_moved(self._session, self.job, self._topic, self._owned, steps):
                raise
        self._owned |= {step.partition: self._moved(step) for step in steps}

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _claim(
        self, cursor: Cursor, partitions: Sequence[int]
    ) -> tuple[dict[int, fence.Place], dict[int, Mark]]:
        self.lock(cursor)
        places = fence.claim(cursor, self.job, self._topic, partitions)
        marks = {partition: self._mark(cursor, partition, place) for partition, place in places.items()}
        return places, marks

    def lock(self, cursor: Cursor) -> None:
        """Hold the candles for aggregators: a session that has them already asks at no cost."""
        cursor.execute(query("claim_candles"), {"engine": JOB, "alone": False})
        (holder,) = cursor.fetchone() or (None,)
        if holder is not None:
            raise EngineRunsError(holder=holder, remedy=REMEDY[holder])

    def _mark(self, cursor: Cursor, partition: int, place: fence.Place) -> Mark:
        key = {"job": self.job, "topic": self._topic, "partition": partition}
        cursor.execute(query("mark"), key)
        rewind_offset, watermark = cursor.fetchone() or (place.next_offset, None)
        cursor.execute(query("symbols"), key)
        symbols = {symbol: _since_1970(passed) for symbol, passed in cursor}
        cursor.execute(query("forget_early"), key | {"watermark": watermark})
        cursor.execute(query("early"), key)
        early = [_early(row) for row in cursor]
        return Mark(place.next_offset, rewind_offset, _since_1970(watermark), symbols, early)

    def _write(self, cursor: Cursor, steps: Sequence[fence.Step], checkpoint: Checkpoint) -> None:
        self.lock(cursor)
        fence.advance(cursor, self.job, self._topic, self._owned, steps)
        self.put(cursor, checkpoint)
        self._count_late(cursor, checkpoint.late, list(checkpoint.marks))
        for partition, mark in checkpoint.marks.items():
            self._save(cursor, partition, mark)

    def put(self, cursor: Cursor, checkpoint: Checkpoint) -> None:
        """Write the candles that changed."""
        for partition, end in checkpoint.given_up.items():
            key = {"job": self.job, "topic": self._topic, "partition": partition}
            cursor.execute(query("give_up"), key | {"end": moment(end)})
        if checkpoint.candles:
            cursor.execute(query("candles"), candle_columns(checkpoint.candles))

    def settle_late(self, cursor: Cursor, key: dict[str, object]) -> None:
        """Count late trades that the tape knows in the rows of their windows."""
        cursor.execute(query("count_late"), key)

    def _count_late(self, cursor: Cursor, late: Sequence[LateTrade], partitions: list[int]) -> None:
        if late:
            own = {"job": self.job, "topic": self._topic}
            cursor.execute(query("late_arrivals"), own | _late_columns(late))
        if late or self.has_waiting:
            key: dict[str, object] = {"job": self.job, "topic": self._topic, "partitions": partitions}
            self.settle_late(cursor, key)
            cursor.execute(query("late_waiting"), key)
            (self.has_waiting,) = cursor.fetchone() or (False,)

    def _save(self, cursor: Cursor, partition: int, mark: Mark) -> None:
        key = {"job": self.job, "topic": self._topic, "partition": partition}
        place = {"rewind_offset": mark.rewind_offset, "watermark": _time(mark.watermark)}
        cursor.execute(query("save_mark"), key | place)
        if mark.symbols:
            passed = [_time(each) for each in mark.symbols.values()]
            cursor.execute(query("save_symbols"), key | {"symbols": list(mark.symbols), "passed": passed})
        if mark.early:
            cursor.execute(query("save_early"), key | _early_columns(mark.early))

    def _moved(self, step: fence.Step) -> fence.Place:
        return fence.Place(step.end, self._owned[step.partition].epoch)


def candle_columns(candles: Sequence[Candle]) -> dict[str, list[object]]:
    """Return candles as the columns that the statement `candles` takes."""
    return {
        "symbols": [each.symbol for each in candles],
        "starts": [moment(each.start) for each in candles],
        "trade_counts": [each.trade_count for each in candles],
        "price_sums": [each.price_sum for each in candles],
        "lows": [each.low for each in candles],
        "highs": [each.high for each in candles],
        "volumes": [each.volume for each in candles],
        "values": [each.value for each in candles],
        "opens": [each.open for each in candles],
        "closes": [each.close for each in candles],
        "buy_volumes": [each.buy_volume for each in candles],
        "sell_volumes": [each.sell_volume for each in candles],
        "finals": [each.is_final for each in candles],
    }


def _late_columns(late: Sequence[LateTrade]) -> dict[str, list[object]]:
    """Return late trades as the columns that the statement `late_arrivals` takes."""
    return {
        "partitions": [each.partition for each in late],
        "offsets": [each.offset for each in late],
        "symbols": [each.symbol for each in late],
        "starts": [moment(each.start) for each in late],
        "sources": [each.source for each in late],
        "trade_ids": [each.trade_id for each in late],
    }


def _early_columns(early: Sequence[tuple[int, Trade]]) -> dict[str, list[object]]:
    """Return early trades as the columns that the statement `save_early` takes."""
    trades = [trade for _, trade in early]
    return {
        "offsets": [offset for offset, _ in early],
        "times": [trade.timestamp for trade in trades],
        "symbols": [trade.symbol for trade in trades],
        "sources": [trade.source for trade in trades],
        "trade_ids": [trade.trade_id for trade in trades],
        "prices": [trade.price for trade in trades],
        "volumes": [trade.volume for trade in trades],
        "buys": [trade.trade_type == "BUY" for trade in trades],
    }


def _early(row: tuple[Any, ...]) -> tuple[int, Trade]:
    """Return an early trade from a row of the query `early`."""
    offset, time, symbol, source, trade_id, price, volume, is_buy = row
    return offset, Trade(
        trade_id=trade_id,
        timestamp=time,
        symbol=symbol,
        price=price,
        volume=volume,
        trade_type="BUY" if is_buy else "SELL",
        source=source,
    )


def _time(since_1970: int) -> datetime | None:
    return None if since_1970 == NEVER else moment(since_1970)


def _since_1970(time: datetime | None) -> int:
    return NEVER if time is None else microseconds(time)

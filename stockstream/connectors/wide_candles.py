"""The table `candles`: windows of any width, put together in PostgreSQL from pieces.

The pieces are made as the candles of a minute are, with a fence and marks of their own job. Order of
effects of `write`, in one transaction: the fence, the pieces that changed, the late trades, the candles
that those pieces are in, what is final now, then the marks.
"""

from collections.abc import Sequence
from datetime import timedelta

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the driver's class has a small name

from stockstream.connectors.candles import JOB, CandleTable, candle_columns
from stockstream.connectors.postgres import Address
from stockstream.connectors.sql import query
from stockstream.market.candle import Candle
from stockstream.market.windows_checkpoint import Checkpoint
from stockstream.market.windows_columns import moment
from stockstream.market.windows_frame import Frame


class WideCandles(CandleTable):
    """Where candles of one frame are written, each checkpoint with the place it was made at."""

    def __init__(self, address: Address, topic: str, frame: Frame) -> None:
        """Prepare; each frame is a job of its own."""
        super().__init__(address, topic, f"{JOB} {frame}")
        self._frame = {
            "job": self.job,
            "width": timedelta(microseconds=frame.width),
            "slide": timedelta(microseconds=frame.slide),
        }

    def lock(self, cursor: Cursor) -> None:
        """Do nothing: no other engine writes this table."""

    def put(self, cursor: Cursor, checkpoint: Checkpoint) -> None:
        """Write the pieces that changed, and the candles that they are in."""
        if checkpoint.candles:
            cursor.execute(query("pieces"), self._frame | candle_columns(checkpoint.candles))
            self._compose(cursor, checkpoint.candles)
        if checkpoint.closed:
            closed = {
                "symbols": list(checkpoint.closed),
                "closed": [moment(max(each, 0)) for each in checkpoint.closed.values()],
            }
            cursor.execute(query("close_candles"), self._frame | closed)

    def settle_late(self, cursor: Cursor, key: dict[str, object]) -> None:
        """Count late trades that the tape knows in their pieces, and in the candles that those are in."""
        cursor.execute(query("settle_late"), key)
        if settled := cursor.fetchall():
            symbols, starts = zip(*settled, strict=True)
            touched = {"symbols": list(symbols), "starts": list(starts)}
            cursor.execute(query("compose"), self._frame | touched)

    def _compose(self, cursor: Cursor, pieces: Sequence[Candle]) -> None:
        touched = {
            "symbols": [each.symbol for each in pieces],
            "starts": [moment(each.start) for each in pieces],
        }
        cursor.execute(query("compose"), self._frame | touched)

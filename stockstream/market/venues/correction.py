"""What a venue says afterwards of a trade that it has given."""

from typing import NamedTuple

from stockstream.market.trade.schema import Trade


class Correction(NamedTuple):
    """A trade that was cancelled or corrected.

    Args:
        symbol: of the trade.
        trade_id: its id on the tape.
        trade: what it should have been; None if it should not have been.
    """

    symbol: str
    trade_id: str
    trade: Trade | None

"""What windows give out to be stored, and what they take back at a restart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stockstream.market.candle import Candle
from stockstream.market.trade import Trade

NEVER = -1


@dataclass(frozen=True)
class Mark:
    """Where a partition stands: what to keep so that a restart goes on as if nothing had been.

    Read on from `rewind_offset`: up to `next_offset` the windows that are held are built again.
    `watermark` is `NEVER` before the first trade. `symbols` are those met in the partition, each with
    the time that had passed it if other partitions carry it too (else `NEVER`). `early` are trades that
    were far ahead of the clock, with their offsets: they are kept, because reading back to them could go
    back for years.
    """

    next_offset: int = 0
    rewind_offset: int = 0
    watermark: int = NEVER
    symbols: Mapping[str, int] = field(default_factory=dict)
    early: Sequence[tuple[int, Trade]] = ()


@dataclass(frozen=True)
class LateTrade:
    """A trade that came after its window was gone; `start` is that window's."""

    partition: int
    offset: int
    symbol: str
    start: int
    source: str
    trade_id: str


@dataclass(frozen=True)
class Checkpoint:
    """What is to be stored in one go: candles that changed, late trades, and where each partition stands.

    The `symbols` and `early` trades of a mark are only those to be stored anew. `closed` is, for each
    symbol of which windows are held or were closed, the time up to which all is final. `given_up` is, for
    partitions whose held windows could not be built again, the end of the last of those. `restated` counts
    the candles that were final before.
    """

    candles: list[Candle]
    late: list[LateTrade]
    marks: dict[int, Mark]
    closed: Mapping[str, int] = field(default_factory=dict)
    given_up: Mapping[int, int] = field(default_factory=dict)
    restated: int = 0

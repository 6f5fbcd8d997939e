"""A batch encoded before it is stored: its parts, their rows as bytes, and the ranges of ids.

All of this needs only the process itself, so it is done while PostgreSQL stores the previous batch.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from stockstream.connectors.postgres.store.copy_rows import Rows
from stockstream.connectors.postgres.store.day_partitions import IdRange, id_ranges
from stockstream.connectors.postgres.store.touched_minutes import Touched, touched
from stockstream.market.trade.arrivals import Arrivals, split
from stockstream.market.trade.spans import count_absent

# A long batch is stored by this many connections at once, each with some of its partitions: a single one is
# limited by one core of PostgreSQL.
WRITERS = 2
LONG = 4_000


@dataclass(frozen=True)
class Part:
    """What one connection stores of a batch: the arrivals of its partitions, and their trades as rows.

    Attributes:
        touched: the minutes that contain the trades.
        absent: for each partition that has any, the number of offsets that hold no message.
    """

    arrivals: Arrivals
    rows: Rows
    touched: Touched
    absent: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class EncodedBatch:
    """A batch that is ready to be stored.

    Attributes:
        parts: at most `WRITERS` parts, which share no partition.
        ids: the lowest and the highest trade id of each day that the batch has trades of.
        count: the number of messages.
    """

    parts: list[Part]
    ids: Mapping[date, IdRange]
    count: int

    def __len__(self) -> int:
        """Return the number of messages."""
        return self.count


def encode(arrivals: Arrivals) -> EncodedBatch:
    """Encode a batch for storage."""
    is_long = arrivals.trades.num_rows >= LONG
    parts = split(arrivals, WRITERS) if is_long else [arrivals]
    holes = count_absent(arrivals.spans, arrivals.messages.partitions)
    return EncodedBatch([_part(part, holes) for part in parts], id_ranges(arrivals.trades), len(arrivals))


def _part(arrivals: Arrivals, holes: Mapping[int, int]) -> Part:
    own = {partition: count for partition, count in holes.items() if partition in arrivals.spans}
    return Part(arrivals, Rows(arrivals.trades), touched(arrivals.trades), own)

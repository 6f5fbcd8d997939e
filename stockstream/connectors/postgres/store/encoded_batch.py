"""What is made of a batch before its turn to be stored: its parts, their rows as bytes, the ranges of ids.

All of it is work of this process alone, so it is done while PostgreSQL stores the batch before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from stockstream.connectors.postgres.store.copy_rows import Rows
from stockstream.connectors.postgres.store.day_partitions import IdRange, id_ranges
from stockstream.connectors.postgres.store.touched_minutes import Touched, touched
from stockstream.market.trade.arrivals import Arrivals, split
from stockstream.market.trade.spans import count_absent

# A long batch is stored by so many connections at once, each some of its partitions: one alone is bound
# by one core of PostgreSQL's.
WRITERS = 2
LONG = 4_000


@dataclass(frozen=True)
class Part:
    """What one connection stores of a batch: arrivals of partitions of its own, and their trades as rows.

    Attributes:
        touched: the minutes that the trades lie in.
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
        parts: at most `WRITERS`, no two of them of the same partition.
        ids: the lowest and the highest trade id of each day that the batch has trades of.
        count: messages in it.
    """

    parts: list[Part]
    ids: Mapping[date, IdRange]
    count: int

    def __len__(self) -> int:
        """Return the number of messages."""
        return self.count


def encode(arrivals: Arrivals) -> EncodedBatch:
    """Make a batch ready to be stored."""
    is_long = arrivals.trades.num_rows >= LONG
    parts = split(arrivals, WRITERS) if is_long else [arrivals]
    holes = count_absent(arrivals.spans, arrivals.messages.partitions)
    return EncodedBatch([_part(part, holes) for part in parts], id_ranges(arrivals.trades), len(arrivals))


def _part(arrivals: Arrivals, holes: Mapping[int, int]) -> Part:
    own = {partition: count for partition, count in holes.items() if partition in arrivals.spans}
    return Part(arrivals, Rows(arrivals.trades), touched(arrivals.trades), own)

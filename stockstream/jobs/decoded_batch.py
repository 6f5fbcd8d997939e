"""A batch, sorted. It stands apart from `batch`, which processes use that do without columns of Arrow."""

from stockstream.connectors.kafka.batch import Batch
from stockstream.market.trade.arrivals import Arrivals, Messages, sort


def decode_batch(batch: Batch) -> Arrivals:
    """Return the trades of a batch as a table, and its dead letters."""
    return sort(Messages(batch.values, batch.keys, batch.partitions, batch.offsets), batch.spans)

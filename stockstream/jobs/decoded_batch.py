"""A batch, sorted. It stands apart from `batch`, which processes use that do without columns of Arrow."""

import pyarrow as pa

from stockstream.connectors.kafka.batch import Batch
from stockstream.market.trade.arrivals import Arrivals, Messages, sort
from stockstream.market.trade.columns import SCHEMA


def decode_batch(batch: Batch, fields: pa.Schema = SCHEMA) -> Arrivals:
    """Return the trades of a batch as a table of the wanted fields, and its dead letters."""
    return sort(Messages(batch.values, batch.keys, batch.partitions, batch.offsets), batch.spans, fields)

"""Decoding of a batch; separate from `batch`, which is also used by processes that do without Arrow."""

import pyarrow as pa

from stockstream.connectors.kafka.batch import Batch
from stockstream.market.trade.arrivals import Arrivals, Messages, sort
from stockstream.market.trade.columns import SCHEMA


def decode_batch(batch: Batch, fields: pa.Schema = SCHEMA) -> Arrivals:
    """Return a batch's trades as a table of the requested fields, with its dead letters."""
    return sort(Messages(batch.values, batch.keys, batch.partitions, batch.offsets), batch.spans, fields)

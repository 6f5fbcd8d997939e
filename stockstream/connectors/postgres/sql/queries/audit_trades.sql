-- The place of every stored trade.
COPY (SELECT kafka_partition, kafka_offset FROM trades) TO STDOUT (FORMAT binary)

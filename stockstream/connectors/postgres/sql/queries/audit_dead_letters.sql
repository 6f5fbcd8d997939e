-- The place of every dead letter of a topic.
COPY (SELECT kafka_partition, kafka_offset FROM dead_letters WHERE topic = %(topic)s) TO STDOUT (FORMAT binary)

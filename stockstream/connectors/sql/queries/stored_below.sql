-- The last offset of a partition below a place that is stored in the tape.
SELECT max(kafka_offset) FROM trades WHERE kafka_partition = %(partition)s AND kafka_offset < %(place)s

-- The last offset of a partition below a place, and not far below, that is stored in the tape.
SELECT max(kafka_offset)
FROM trades
WHERE kafka_partition = %(partition)s AND kafka_offset < %(place)s AND kafka_offset >= %(place)s - %(most)s

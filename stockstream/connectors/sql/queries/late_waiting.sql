-- Whether late trades wait for the tape.
SELECT EXISTS (
    SELECT FROM late_arrivals WHERE topic = %(topic)s AND kafka_partition = ANY (%(partitions)s)
)

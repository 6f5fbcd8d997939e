-- Whether late trades wait for the tape.
SELECT EXISTS (
    SELECT FROM late_arrivals WHERE job = %(job)s AND topic = %(topic)s AND kafka_partition = ANY (%(partitions)s)
)

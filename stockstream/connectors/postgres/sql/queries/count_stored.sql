-- How many trades of some sources and of a span of time are stored whose messages lie in these spans of the topic; the
-- index on places finds them, a span at a time.
SELECT coalesce(sum(found.trades), 0)
FROM unnest(%(partitions)s::integer[], %(begins)s::bigint[], %(ends)s::bigint[]) AS sent (partition, begin_at, end_at)
CROSS JOIN LATERAL (
    SELECT count(*) AS trades
    FROM trades
    WHERE kafka_partition = sent.partition AND kafka_offset >= sent.begin_at AND kafka_offset < sent.end_at
      AND source = ANY (%(sources)s::text[])
      AND "timestamp" BETWEEN %(since)s AND %(until)s
) AS found

-- count_stored
-- How many trades of some sources are stored whose messages lie in these spans of the topic.
SELECT count(*)
FROM unnest(%(partitions)s::integer[], %(begins)s::bigint[], %(ends)s::bigint[]) AS sent (partition, begin_at, end_at)
JOIN trades ON kafka_partition = sent.partition AND kafka_offset >= sent.begin_at AND kafka_offset < sent.end_at
WHERE source = ANY (%(sources)s::text[])

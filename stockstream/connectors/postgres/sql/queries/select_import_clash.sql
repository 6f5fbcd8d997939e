-- A place that two different trades claim: both of those that arrive, or one of them and one that is stored.
WITH span AS (
    SELECT kafka_partition, min(kafka_offset) AS lowest, max(kafka_offset) AS highest FROM arrivals GROUP BY 1
), claims AS (
    SELECT kafka_partition, kafka_offset, source, symbol, trade_id FROM arrivals
    UNION
    SELECT kafka_partition, kafka_offset, source, symbol, trade_id
    FROM span JOIN trades USING (kafka_partition)
    WHERE kafka_offset BETWEEN lowest AND highest
)
SELECT kafka_partition, kafka_offset, array_agg(format('%s %s %s', symbol, source, trade_id) ORDER BY trade_id)
FROM claims
GROUP BY 1, 2
HAVING count(*) > 1
ORDER BY 1, 2
LIMIT 1

-- Store those that are new, the first of each. The look over all days goes by their keys.
INSERT INTO trades (:trade_columns)
SELECT DISTINCT ON (trade_id, symbol, source) :trade_columns
FROM arrivals
WHERE NOT EXISTS (
    SELECT FROM trades AS known
    WHERE known.trade_id = arrivals.trade_id AND known.symbol = arrivals.symbol AND known.source = arrivals.source
)
ORDER BY trade_id, symbol, source, kafka_partition, kafka_offset
ON CONFLICT DO NOTHING
RETURNING kafka_partition, kafka_offset

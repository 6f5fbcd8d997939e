-- Keep which symbols a partition carries, and what had passed those that others carry too.
INSERT INTO aggregator_symbols (job, topic, kafka_partition, symbol, passed)
SELECT %(job)s, %(topic)s, %(partition)s, met.*
FROM unnest(%(symbols)s::text[], %(passed)s::timestamptz[]) AS met
ON CONFLICT (job, topic, kafka_partition, symbol) DO UPDATE SET passed = excluded.passed

-- Which symbols a partition carries, and what had passed those that others carry too.
SELECT symbol, passed FROM aggregator_symbols WHERE job = %(job)s AND topic = %(topic)s AND kafka_partition = %(partition)s

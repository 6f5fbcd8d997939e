-- One at a time decides about the lives of a topic; the lock goes with the transaction.
SELECT pg_advisory_xact_lock(hashtextextended(%(topic)s, 0))

-- Claim the candles for an engine, for the life of the session; returns who holds them, or null.
SELECT claim_candles(%(engine)s, %(alone)s)

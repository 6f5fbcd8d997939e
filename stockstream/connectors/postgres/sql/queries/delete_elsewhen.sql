-- A slice of the old trades that belong to no day at hand.
DELETE FROM trades_elsewhen
WHERE ctid IN (SELECT ctid FROM trades_elsewhen WHERE "timestamp" < %(before)s LIMIT %(most)s)

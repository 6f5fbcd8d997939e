-- When the newest trade of a symbol happened.
SELECT "timestamp" FROM trades WHERE symbol = %(symbol)s ORDER BY "timestamp" DESC LIMIT 1

-- Make the partition of a day of trades.
SELECT make_trades_day(%(day)s)

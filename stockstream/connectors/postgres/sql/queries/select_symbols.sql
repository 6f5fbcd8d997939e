-- The symbols that have trades.
SELECT symbol FROM traded_symbols()

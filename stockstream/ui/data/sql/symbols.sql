-- The symbols on the tape.
SELECT symbol FROM traded_symbols() LIMIT %(at_most)s

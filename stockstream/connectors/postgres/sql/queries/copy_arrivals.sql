-- Trades that may be there already, on their way to `trades`.
COPY arrivals (:trade_columns) FROM STDIN (FORMAT binary)

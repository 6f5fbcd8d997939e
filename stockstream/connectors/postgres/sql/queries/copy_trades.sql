-- Trades straight to their table, as ready rows.
COPY trades (:trade_columns) FROM STDIN (FORMAT binary)

-- Where trades wait that may be there already; empty again at the end of the transaction.
CREATE TEMPORARY TABLE IF NOT EXISTS arrivals (LIKE trades) ON COMMIT DELETE ROWS

-- The stored trades, numbered in the order in which they were written.
CREATE UNLOGGED TABLE numbered AS
SELECT row_number() OVER (ORDER BY tableoid, ctid) AS number, * FROM trades;
CREATE INDEX ON numbered (number);
ANALYZE numbered

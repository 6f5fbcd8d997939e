-- How many findings of each kind and set of methods the window has, of its newest ten thousand.
SELECT kind, methods, count(*)
FROM (
    SELECT kind, methods FROM anomalies
    WHERE span_end BETWEEN %(start)s AND %(until)s AND symbol = ANY (%(symbols)s)
    ORDER BY span_end DESC LIMIT 10000
) AS newest
GROUP BY kind, methods

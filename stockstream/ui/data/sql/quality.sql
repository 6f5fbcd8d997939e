-- How the findings stand to the labels over each symbol's newest trades in the window: trades looked at,
-- those with a label, those of them that a finding is about, findings, and those that a label bears out.
-- (Labels have no index: the number of trades of a symbol bounds what is read.)
WITH looked AS MATERIALIZED (
    SELECT mine.* FROM unnest(%(symbols)s::text[]) AS asked (symbol)
    CROSS JOIN LATERAL (
        SELECT t.symbol, t."timestamp", t.source, t.trade_id, t.anomaly IS NOT NULL AS labelled
        FROM trades AS t
        WHERE t.symbol = asked.symbol AND t."timestamp" BETWEEN %(start)s AND %(end)s
        ORDER BY t."timestamp" DESC LIMIT %(each)s
    ) AS mine
), begins AS (
    SELECT symbol, min("timestamp") AS since, max("timestamp") AS until FROM looked GROUP BY symbol
), found AS MATERIALIZED (
    SELECT a.symbol, a.source, a.trade_id, a.span_start, a.span_end
    FROM begins
    JOIN anomalies AS a ON a.symbol = begins.symbol AND a.span_end BETWEEN begins.since AND begins.until
    LIMIT 10000
), labelled AS MATERIALIZED (
    SELECT * FROM looked WHERE labelled
)
SELECT
    (SELECT count(*) FROM looked),
    (SELECT count(*) FROM labelled),
    (SELECT count(*) FROM labelled AS l WHERE EXISTS (
        SELECT FROM found AS f WHERE f.symbol = l.symbol AND (
            (f.trade_id = l.trade_id AND f.source = l.source)
            OR (f.trade_id IS NULL AND l."timestamp" BETWEEN f.span_start AND f.span_end)
        )
    )),
    (SELECT count(*) FROM found),
    (SELECT count(*) FROM found AS f WHERE EXISTS (
        SELECT FROM labelled AS l WHERE f.symbol = l.symbol AND (
            (f.trade_id = l.trade_id AND f.source = l.source)
            OR (f.trade_id IS NULL AND l."timestamp" BETWEEN f.span_start AND f.span_end)
        )
    ))

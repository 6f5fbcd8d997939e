-- A finding, once: the same one found again after a crash is the one that is there.
INSERT INTO anomalies (symbol, kind, source, trade_id, span_start, span_end, methods, score, threshold,
                       explanation, model_version)
VALUES (%(symbol)s, %(kind)s, %(source)s, %(trade_id)s, %(start)s, %(end)s, %(methods)s, %(score)s,
        %(threshold)s, %(explanation)s, %(model_version)s)
ON CONFLICT ON CONSTRAINT anomalies_once DO NOTHING

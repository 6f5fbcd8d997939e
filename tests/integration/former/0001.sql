-- What the first version kept: trades of two days and of none, dead letters, places, candles, a finding.
SELECT make_trades_day('2026-11-20');
INSERT INTO trades (trade_id, "timestamp", symbol, price, volume, trade_type, source, anomaly,
                    kafka_partition, kafka_offset)
VALUES ('t0', '2026-11-20 12:00:01.000001Z', 'AAPL', 187.12, 100, 'BUY', 'test', NULL, 0, 0),
       ('t1', '2026-11-20 12:00:02Z', 'AAPL', 187.10000001, 0.5, 'SELL', 'test', 'price_spike', 0, 1),
       ('t2', '2026-11-20 12:01:03Z', 'MSFT', 400, 7, 'BUY', 'test', NULL, 1, 0),
       ('t4', '2019-01-01 00:00:00Z', 'MSFT', 100, 7, 'SELL', 'test', NULL, 1, 1);
INSERT INTO dead_letters (topic, kafka_partition, kafka_offset, key, payload, reason)
VALUES ('old', 0, 2, 'AAPL', '\x00ff', 'it is no JSON'), ('old', 1, 2, NULL, NULL, 'a tombstone');
INSERT INTO ingest_offsets (job, topic, kafka_partition, next_offset, owner_epoch, duplicates)
VALUES ('consumer', 'old', 0, 4, 3, 1), ('consumer', 'old', 1, 3, 2, 0),
       ('aggregator', 'old', 0, 4, 1, 0), ('aggregator', 'old', 1, 3, 1, 0), ('detector', 'old', 0, 4, 1, 0);
INSERT INTO stock_metrics (
    symbol, window_start, window_end, trade_count, avg_price, min_price, max_price, total_volume,
    total_value, open, close, vwap, buy_volume, sell_volume, is_final)
SELECT symbol, date_trunc('minute', "timestamp", 'UTC'),
       date_trunc('minute', "timestamp", 'UTC') + interval '1 minute', count(*), avg(price), min(price),
       max(price), sum(volume), sum(price * volume), (array_agg(price ORDER BY "timestamp"))[1],
       (array_agg(price ORDER BY "timestamp" DESC))[1], sum(price * volume) / sum(volume),
       coalesce(sum(volume) FILTER (WHERE trade_type = 'BUY'), 0),
       coalesce(sum(volume) FILTER (WHERE trade_type = 'SELL'), 0), true
FROM trades GROUP BY 1, 2, 3;
INSERT INTO anomalies (symbol, kind, source, trade_id, span_start, span_end, methods, score, threshold,
                       explanation, model_version)
VALUES ('AAPL', 'price_spike', 'test', 't1', '2026-11-20 12:00:02Z', '2026-11-20 12:00:02Z', '{z-score}', 9, 5,
        'nine times', 'none');

-- What version 2 kept besides: where the aggregator stands, a late repeat that waits, a trade far ahead.
INSERT INTO aggregator_marks (topic, kafka_partition, rewind_offset, watermark)
VALUES ('old', 0, 4, '2026-11-20 12:01:03Z'), ('old', 1, 3, '2026-11-20 12:01:03Z');
INSERT INTO aggregator_symbols (topic, kafka_partition, symbol, passed)
VALUES ('old', 0, 'AAPL', '2026-11-20 12:01:00Z');
INSERT INTO late_arrivals (topic, kafka_partition, kafka_offset, source, symbol, trade_id, window_start)
VALUES ('old', 0, 3, 'test', 'AAPL', 't0', '2026-11-20 12:00:00Z');
INSERT INTO early_trades (topic, kafka_partition, kafka_offset, "timestamp", symbol, source, trade_id,
                          price, volume, is_buy)
VALUES ('old', 1, 2, '2036-01-01Z', 'MSFT', 'test', 't9', 1.5, 2, true);

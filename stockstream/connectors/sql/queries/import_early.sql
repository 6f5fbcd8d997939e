-- Trades ahead of the clock: the aggregator makes their candles when their time comes.
INSERT INTO early_trades (
    job, topic, kafka_partition, kafka_offset, "timestamp", symbol, source, trade_id, price, volume, is_buy
)
SELECT 'aggregator', %(topic)s, kafka_partition, kafka_offset, "timestamp", symbol, source, trade_id, price, volume,
       trade_type = 'BUY'
FROM arrivals
WHERE date_trunc('minute', "timestamp", 'UTC') > now()
ON CONFLICT DO NOTHING

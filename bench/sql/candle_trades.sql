-- How many trades the candles show.
SELECT coalesce(sum(trade_count), 0)::bigint FROM stock_metrics

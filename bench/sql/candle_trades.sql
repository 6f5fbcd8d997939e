-- How many trades the candles show.
SELECT coalesce(sum(trade_count + late_trades), 0)::bigint FROM stock_metrics

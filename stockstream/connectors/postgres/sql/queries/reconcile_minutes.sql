-- Make the candles of these minutes what plain SQL over their trades says. One statement, and so one look at the tape.
WITH wanted AS (
    SELECT symbol, window_start,
        window_start >= coalesce((SELECT max(before) FROM prunings), '-infinity') AS is_whole
    FROM unnest(%(symbols)s::text[], %(starts)s::timestamptz[]) AS wanted (symbol, window_start)
), sums AS (
    -- Of other minutes of these symbols, too, where they lie between: the span is short.
    SELECT symbol, date_bin('1 minute', "timestamp", '1970-01-01Z') AS window_start, count(*) AS trade_count,
        sum(price) AS price_sum, avg(price) AS avg_price, min(price) FILTER (WHERE updates_last) AS min_price,
        max(price) FILTER (WHERE updates_last) AS max_price,
        sum(volume) AS total_volume, sum(price * volume) AS total_value,
        coalesce(sum(volume) FILTER (WHERE trade_type = 'BUY'), 0) AS buy_volume,
        coalesce(sum(volume) FILTER (WHERE trade_type = 'SELL'), 0) AS sell_volume
    FROM trades
    WHERE symbol = ANY (%(symbols)s) AND "timestamp" >= %(since)s AND "timestamp" < %(until)s AND corrected_at IS NULL
    GROUP BY 1, 2
), truth AS (
    SELECT wanted.symbol, wanted.window_start, coalesce(trade_count, 0) AS trade_count, price_sum, avg_price, min_price,
        max_price, total_volume, total_value, buy_volume, sell_volume,
        opening.price AS open, closing.price AS close
    FROM wanted
    LEFT JOIN sums USING (symbol, window_start)
    -- The index has the first and the last at hand: the times of all the others are not compared.
    LEFT JOIN LATERAL (
        SELECT price FROM trades
        WHERE symbol = sums.symbol AND "timestamp" >= sums.window_start AND "timestamp" < sums.window_start + interval '1 minute'
            AND updates_last AND corrected_at IS NULL
        ORDER BY "timestamp", kafka_partition, kafka_offset LIMIT 1
    ) AS opening ON true
    LEFT JOIN LATERAL (
        SELECT price FROM trades
        WHERE symbol = sums.symbol AND "timestamp" >= sums.window_start AND "timestamp" < sums.window_start + interval '1 minute'
            AND updates_last AND corrected_at IS NULL
        ORDER BY "timestamp" DESC, kafka_partition DESC, kafka_offset DESC LIMIT 1
    ) AS closing ON true
    WHERE wanted.is_whole
), settled AS (
    -- An engine that has read more than the consumer has stored is ahead of the tape: its candle waits.
    SELECT truth.*, held.is_final AND (held.trade_count, held.min_price, held.max_price, held.total_volume, held.total_value, held.open, held.close, held.buy_volume, held.sell_volume)
        IS DISTINCT FROM (truth.trade_count, truth.min_price, truth.max_price, truth.total_volume, truth.total_value, truth.open, truth.close, truth.buy_volume, truth.sell_volume) AS is_mended
    FROM truth
    LEFT JOIN stock_metrics AS held USING (symbol, window_start)
    WHERE held.reconciled_at IS NOT NULL OR held.symbol IS NULL
        OR held.trade_count <= truth.trade_count OR held.updated_at <= %(stored_up_to)s
), emptied AS (
    DELETE FROM stock_metrics AS held USING settled
    WHERE settled.trade_count = 0 AND held.symbol = settled.symbol AND held.window_start = settled.window_start
), written AS (
    INSERT INTO stock_metrics AS held (
        symbol, window_start, window_end, trade_count, price_sum, avg_price, min_price, max_price, total_volume,
        total_value, open, close, vwap, buy_volume, sell_volume, is_final, reconciled_at
    )
    SELECT symbol, window_start, window_start + interval '1 minute', trade_count, price_sum, avg_price, min_price,
        max_price, total_volume, total_value, open, close, total_value / total_volume, buy_volume, sell_volume, true,
        clock_timestamp()
    FROM settled
    WHERE trade_count > 0
    ORDER BY symbol, window_start
    ON CONFLICT (symbol, window_start) DO UPDATE SET
        trade_count = excluded.trade_count, price_sum = excluded.price_sum, avg_price = excluded.avg_price,
        min_price = excluded.min_price, max_price = excluded.max_price,
        total_volume = excluded.total_volume, total_value = excluded.total_value,
        open = excluded.open, close = excluded.close, vwap = excluded.vwap,
        buy_volume = excluded.buy_volume, sell_volume = excluded.sell_volume,
        late_trades = least(
            excluded.trade_count,
            held.late_trades + CASE WHEN held.is_final THEN greatest(excluded.trade_count - held.trade_count, 0) ELSE 0 END
        ),
        revision = held.revision + (held.is_final AND
            (held.trade_count, held.min_price, held.max_price, held.total_volume, held.total_value, held.open, held.close, held.buy_volume, held.sell_volume)
            IS DISTINCT FROM (excluded.trade_count, excluded.min_price, excluded.max_price, excluded.total_volume, excluded.total_value, excluded.open, excluded.close, excluded.buy_volume, excluded.sell_volume))::integer,
        updated_at = clock_timestamp(),
        is_final = true, reconciled_at = excluded.reconciled_at
), done AS (
    DELETE FROM unreconciled_minutes AS waiting USING wanted
    LEFT JOIN settled USING (symbol, window_start)
    WHERE waiting.symbol = wanted.symbol AND waiting.window_start = wanted.window_start
        AND (settled.symbol IS NOT NULL OR NOT wanted.is_whole)
    RETURNING 1
)
SELECT (SELECT count(*) FROM done), (SELECT count(*) FROM settled WHERE is_mended)

-- Close the wider windows that are over, once none of their minutes waits any more.
UPDATE candles AS wide SET is_final = true, updated_at = clock_timestamp()
WHERE NOT is_final AND window_end <= now() - %(quiet)s::interval
    AND NOT EXISTS (
        SELECT FROM unreconciled_minutes AS waiting
        WHERE waiting.symbol = wide.symbol
            AND waiting.window_start >= wide.window_start AND waiting.window_start < wide.window_end
    )
    AND NOT EXISTS (
        SELECT FROM touched_minutes AS waiting
        WHERE waiting.symbol = wide.symbol
            AND waiting.window_start >= wide.window_start AND waiting.window_start < wide.window_end
    )

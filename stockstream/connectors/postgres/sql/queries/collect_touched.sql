-- Collect notes of touched minutes, each minute once. Those that another reconciler is collecting are left to it.
WITH taken AS (
    DELETE FROM touched_minutes
    WHERE ctid = ANY (ARRAY(SELECT ctid FROM touched_minutes LIMIT %(most)s FOR UPDATE SKIP LOCKED))
    RETURNING symbol, window_start, touched_at
), collected AS (
    INSERT INTO unreconciled_minutes AS waiting (symbol, window_start, touched_at)
    SELECT symbol, window_start, max(touched_at) FROM taken GROUP BY symbol, window_start ORDER BY symbol, window_start
    ON CONFLICT (symbol, window_start) DO UPDATE SET touched_at = greatest(waiting.touched_at, excluded.touched_at)
)
SELECT count(*) FROM taken

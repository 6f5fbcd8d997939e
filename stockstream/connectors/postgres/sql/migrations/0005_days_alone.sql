-- Make the partition of a day, unless it is there: on its own first, then attached, so that readers
-- and writers of the other days never wait. Trades of that day that were elsewhere move in, and none comes
-- there meanwhile.
CREATE OR REPLACE FUNCTION make_trades_day(day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    name text := trades_day_name(day);
    start timestamptz := day::timestamp AT TIME ZONE 'UTC';
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('make_trades_day'));
    IF to_regclass(name) IS NOT NULL THEN
        RETURN;
    END IF;
    -- Nobody may bring a trade of that day here between its moving out and the attaching.
    LOCK TABLE trades_elsewhen IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('CREATE TABLE %I (LIKE trades INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS)', name);
    EXECUTE format('CREATE UNIQUE INDEX %I ON %I (trade_id, symbol, source)', name || '_once', name);
    EXECUTE format(
        'WITH moved AS (
             DELETE FROM trades_elsewhen WHERE "timestamp" >= $1 AND "timestamp" < $1 + interval ''1 day'' RETURNING *
         )
         INSERT INTO %I (trade_id, "timestamp", symbol, price, volume, trade_type, source, anomaly,
                         kafka_partition, kafka_offset)
         SELECT trade_id, "timestamp", symbol, price, volume, trade_type, source, anomaly,
                kafka_partition, kafka_offset
         FROM moved', name) USING start;
    EXECUTE format('ALTER TABLE trades ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                   name, start, start + interval '1 day');
END
$$;

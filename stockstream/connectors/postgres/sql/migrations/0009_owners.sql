-- Days are made by the owner of the tape, whoever asks for them: a consumer needs no right to make tables, or
-- to alter the one that has them as its parts. Who may read the tape may read each of its days by name.
CREATE OR REPLACE FUNCTION make_trades_day(day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    name text := trades_day_name(day);
    start timestamptz := day::timestamp AT TIME ZONE 'UTC';
    reader text;
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
    FOR reader IN
        SELECT CASE held.grantee WHEN 0 THEN 'PUBLIC' ELSE held.grantee::regrole::text END
        FROM pg_class AS tape CROSS JOIN LATERAL aclexplode(tape.relacl) AS held
        WHERE tape.oid = 'trades'::regclass AND held.privilege_type = 'SELECT'
    LOOP
        EXECUTE format('GRANT SELECT ON %I TO %s', name, reader);
    END LOOP;
END
$$;

-- What runs with the owner's rights finds its tables where they are, and nowhere that a caller has put others.
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION make_trades_day(date) SET search_path = %I, pg_temp', current_schema());
END
$$;
REVOKE EXECUTE ON FUNCTION make_trades_day(date) FROM PUBLIC;

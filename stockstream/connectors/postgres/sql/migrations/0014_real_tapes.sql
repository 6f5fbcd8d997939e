-- Trades as real markets have them: a side that nobody knows, conditions, prices of zero and below.

ALTER TABLE trades ALTER COLUMN trade_type DROP NOT NULL;
ALTER TABLE trades DROP CONSTRAINT trades_price_check;
ALTER TABLE trades
    ADD COLUMN conditions text,
    ADD COLUMN updates_last boolean NOT NULL DEFAULT true,
    ADD COLUMN side_inferred boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN trades.trade_type IS 'the side of the taker; null where the venue does not say it';
COMMENT ON COLUMN trades.conditions IS 'the codes of the venue, as it gives them';
COMMENT ON COLUMN trades.updates_last IS 'whether the trade moves open, high, low and close of its candle';
COMMENT ON COLUMN trades.side_inferred IS 'whether the side comes from a rule and not from the venue';

-- As before; moved trades keep every column, whatever columns there are.
CREATE OR REPLACE FUNCTION make_trades_day(day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    name text := trades_day_name(day);
    start timestamptz := day::timestamp AT TIME ZONE 'UTC';
    columns text;
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
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO columns
    FROM pg_attribute
    WHERE attrelid = 'trades'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
    EXECUTE format(
        'WITH moved AS (
             DELETE FROM trades_elsewhen WHERE "timestamp" >= $1 AND "timestamp" < $1 + interval ''1 day'' RETURNING *
         )
         INSERT INTO %1$I (%2$s) SELECT %2$s FROM moved', name, columns) USING start;
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
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION make_trades_day(date) SET search_path = %I, pg_temp', current_schema());
END
$$;

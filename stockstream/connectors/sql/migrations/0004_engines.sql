-- Two engines can make candles, and never at once: a session that writes holds a lock for its engine.

-- Claim the candles for an engine, for as long as this session lives. Returns null when they are its own,
-- or else the engine that holds them. Several sessions of one engine share the claim, unless one asks to
-- be alone. The first lock makes who asks first be first; it goes with the transaction.
CREATE FUNCTION claim_candles(engine text, alone boolean DEFAULT false) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    -- A number of this table's own among the advisory locks; 0 is the lock of those who ask.
    candles CONSTANT integer := 1398034003;
    engines CONSTANT text[] := ARRAY['aggregator', 'flink'];
    own CONSTANT integer := array_position(engines, engine);
    holder integer;
BEGIN
    IF own IS NULL THEN
        RAISE 'no engine is called %', engine;
    END IF;
    -- Asked again, a session has it already. (The setting is forgotten when its transaction fails, and
    -- then it is claimed once more: locks of a session are counted, and go with it.)
    IF current_setting('stockstream.engine', true) = engine THEN
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock(candles, 0);
    SELECT max(held.objid::bigint) INTO holder
    FROM pg_locks AS held
    WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 2 AND held.objid::bigint > 0
        AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND held.classid::bigint = candles AND held.pid <> pg_backend_pid()
        AND (held.objid::bigint <> own OR alone);
    IF holder IS NOT NULL THEN
        RETURN engines[holder];
    END IF;
    PERFORM pg_advisory_lock_shared(candles, own), set_config('stockstream.engine', engine, false);
    RETURN NULL;
END
$$;

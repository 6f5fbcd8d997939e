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

-- Where a Flink job writes. Its rows are not kept: a trigger makes candles and findings of them, so that
-- quotients are NUMERIC's own and a replay from a checkpoint finds what is there. Sums come in pieces that
-- fit into 38 digits: an amount is whole + part / 10^8, and a product of two has the pieces of both.
-- The primary keys say what Flink's statements name in ON CONFLICT.
CREATE TABLE flink_candles (
    symbol        text,
    minute        bigint,
    trade_count   bigint  NOT NULL,
    late_trades   bigint  NOT NULL,
    low           numeric,
    high          numeric,
    price_whole   numeric NOT NULL,
    price_part    bigint  NOT NULL,
    price_scale   integer,
    volume_whole  numeric NOT NULL,
    volume_part   bigint  NOT NULL,
    volume_scale  integer,
    buy_whole     numeric NOT NULL,
    buy_part      bigint  NOT NULL,
    value_18      numeric NOT NULL,
    value_9       numeric NOT NULL,
    value_0       numeric NOT NULL,
    value_part_9  numeric NOT NULL,
    value_part    numeric NOT NULL,
    value_tiny    numeric NOT NULL,
    value_scale   integer,
    opening       text,
    closing       text,
    PRIMARY KEY (symbol, minute)
);
COMMENT ON COLUMN flink_candles.minute IS 'begin of the window, in minutes since 1970';
COMMENT ON COLUMN flink_candles.opening IS 'the first trade: its time and place, 41 digits, then its price in units of 10^-8';

CREATE TABLE flink_closings (
    symbol    text        NOT NULL,
    minute    bigint      NOT NULL,
    closed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (symbol, minute)
);
COMMENT ON TABLE flink_closings IS 'windows that the watermark of a Flink job has passed, until their candles are final';

CREATE TABLE flink_ticks (tick bigint);
COMMENT ON TABLE flink_ticks IS 'a Flink job''s clock: each second it closes what is due';

CREATE TABLE flink_findings (
    symbol     text,
    kind       text,
    source     text,
    span_start bigint,
    span_end   bigint  NOT NULL,
    trades     bigint  NOT NULL,
    from_price numeric NOT NULL,
    turn_price numeric NOT NULL,
    to_price   numeric NOT NULL,
    threshold  numeric NOT NULL,
    PRIMARY KEY (symbol, kind, source, span_start)
);
COMMENT ON COLUMN flink_findings.span_start IS 'in microseconds since 1970';

-- A session of Flink claims the candles with its first row, and a job that may not write fails.
CREATE FUNCTION flink_claims() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    holder text := claim_candles('flink');
BEGIN
    IF holder IS NOT NULL THEN
        RAISE 'the candles are written by % already', holder;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER claims BEFORE INSERT ON flink_candles EXECUTE FUNCTION flink_claims();
CREATE TRIGGER claims BEFORE INSERT ON flink_closings EXECUTE FUNCTION flink_claims();
CREATE TRIGGER claims BEFORE INSERT ON flink_ticks EXECUTE FUNCTION flink_claims();

-- What a job reads again after a restart makes candles that it has already gone beyond: trades are only
-- ever added to a candle, so the one with more of them is the newer.
CREATE FUNCTION flink_candle() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    tiny CONSTANT numeric := 0.00000001;
    start CONSTANT timestamptz := to_timestamp(new.minute * 60);
    volume CONSTANT numeric := round(new.volume_whole + new.volume_part * tiny, coalesce(new.volume_scale, 0));
    price_sum CONSTANT numeric := round(new.price_whole + new.price_part * tiny, coalesce(new.price_scale, 0));
    bought CONSTANT numeric := round(new.buy_whole + new.buy_part * tiny, coalesce(new.volume_scale, 0));
    value CONSTANT numeric := round(
        new.value_18 * 1e18 + new.value_9 * 1e9 + new.value_0 + new.value_part_9 * 10
            + new.value_part * tiny + new.value_tiny * tiny * tiny, coalesce(new.value_scale, 0));
BEGIN
    INSERT INTO stock_metrics AS held (
        symbol, window_start, window_end, trade_count, avg_price, min_price, max_price, total_volume, total_value,
        open, close, vwap, buy_volume, sell_volume, late_trades, is_final
    )
    SELECT new.symbol, start, start + interval '60 seconds', new.trade_count, price_sum / nullif(new.trade_count, 0),
        new.low, new.high, volume, value,
        substring(new.opening FROM 42)::numeric * tiny, substring(new.closing FROM 42)::numeric * tiny,
        value / nullif(volume, 0), bought, volume - bought, new.late_trades, new.late_trades > 0
    ON CONFLICT (symbol, window_start) DO UPDATE SET
        trade_count = excluded.trade_count, avg_price = excluded.avg_price, min_price = excluded.min_price,
        max_price = excluded.max_price, total_volume = excluded.total_volume, total_value = excluded.total_value,
        open = excluded.open, close = excluded.close, vwap = excluded.vwap,
        buy_volume = excluded.buy_volume, sell_volume = excluded.sell_volume,
        late_trades = greatest(held.late_trades, excluded.late_trades),
        is_final = held.is_final OR excluded.is_final,
        revision = held.revision + (held.is_final AND excluded.trade_count > held.trade_count)::integer,
        updated_at = now()
    WHERE excluded.trade_count > held.trade_count
        OR excluded.trade_count = held.trade_count AND excluded.late_trades > held.late_trades;
    RETURN NULL;
END
$$;
CREATE TRIGGER makes_candle BEFORE INSERT ON flink_candles FOR EACH ROW EXECUTE FUNCTION flink_candle();

-- Candles are closed a moment after the watermark has passed them, when their last change is in. Where
-- no watermark comes to close one (silence, or a partition that was behind), the clock does.
CREATE FUNCTION flink_tick() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    silence CONSTANT interval := interval '3 seconds';
BEGIN
    WITH due AS (
        DELETE FROM flink_closings AS closing USING stock_metrics AS held
        WHERE held.symbol = closing.symbol AND held.window_start = to_timestamp(closing.minute * 60)
            AND closing.closed_at < clock_timestamp() - interval '2 seconds'
        RETURNING closing.symbol, held.window_start
    )
    UPDATE stock_metrics AS held SET is_final = true, updated_at = now()
    FROM due
    WHERE held.symbol = due.symbol AND held.window_start = due.window_start AND NOT held.is_final;
    -- Of a candle that is not there any more (pruned) nothing is left to close.
    DELETE FROM flink_closings WHERE closed_at < clock_timestamp() - interval '1 minute';
    UPDATE stock_metrics SET is_final = true, updated_at = now()
    WHERE NOT is_final AND window_end <= clock_timestamp() - silence AND updated_at < clock_timestamp() - silence;
    RETURN NULL;
END
$$;
CREATE TRIGGER closes BEFORE INSERT ON flink_ticks FOR EACH ROW EXECUTE FUNCTION flink_tick();
CREATE INDEX stock_metrics_open ON stock_metrics (window_end) WHERE NOT is_final;

CREATE FUNCTION flink_finding() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    change CONSTANT numeric := CASE new.kind
        WHEN 'price_reversal' THEN least(abs(new.turn_price / new.from_price - 1), abs(new.to_price / new.turn_price - 1))
        ELSE abs(new.to_price / new.from_price - 1) END * 100;
    -- Written out, for a reader.
    way CONSTANT text := CASE WHEN new.turn_price > new.from_price THEN 'rose' ELSE 'fell' END;
    back CONSTANT text := CASE way WHEN 'rose' THEN 'fell' ELSE 'rose' END;
BEGIN
    INSERT INTO anomalies (symbol, kind, source, span_start, span_end, methods, score, threshold, explanation,
                           model_version)
    VALUES (
        new.symbol, new.kind, new.source,
        timestamptz '1970-01-01Z' + new.span_start * interval '1 microsecond',
        timestamptz '1970-01-01Z' + new.span_end * interval '1 microsecond',
        '{match_recognize}', change, new.threshold,
        CASE new.kind
            WHEN 'price_reversal' THEN format(
                'the price %s trade by trade from %s to %s and then %s to %s, over %s trades: %s%% at least each way, '
                'threshold %s%%', way, trim_scale(new.from_price), trim_scale(new.turn_price), back,
                trim_scale(new.to_price), new.trades, round(change, 2), trim_scale(new.threshold))
            ELSE format(
                'the price %s with each of %s trades from %s to %s: %s%%, threshold %s%%', way, new.trades,
                trim_scale(new.from_price), trim_scale(new.to_price), round(change, 2), trim_scale(new.threshold))
        END, 'none')
    ON CONFLICT ON CONSTRAINT anomalies_once DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER makes_finding BEFORE INSERT ON flink_findings FOR EACH ROW EXECUTE FUNCTION flink_finding();

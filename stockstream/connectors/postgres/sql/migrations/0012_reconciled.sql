-- Engines are fresh, the tape is the truth: a candle that an engine has made is compared with the trades of its
-- minute, and made equal to them, by a reconciler. What only an exact engine needed goes.

-- The minutes that trades were stored in or removed from, each noted in the transaction that did so. Notes are only
-- added, and have no key: who stores trades never waits for a reconciler.
CREATE TABLE touched_minutes (
    symbol       text COLLATE "C" NOT NULL,
    window_start timestamptz      NOT NULL,
    touched_at   timestamptz      NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE touched_minutes IS 'notes of minutes whose trades have changed, until a reconciler collects them';

-- The same, collected. A reconciler locks the rows that it works on, so that several may work side by side.
CREATE TABLE unreconciled_minutes (
    symbol       text COLLATE "C" NOT NULL,
    window_start timestamptz      NOT NULL,
    touched_at   timestamptz      NOT NULL,
    waits_since  timestamptz      NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (symbol, window_start)
);
COMMENT ON TABLE unreconciled_minutes IS 'minutes whose candles have to be compared with the tape';
COMMENT ON COLUMN unreconciled_minutes.touched_at IS 'when the trades of the minute last changed';
COMMENT ON COLUMN unreconciled_minutes.waits_since IS 'when the minute was first noted since it was last reconciled';
CREATE INDEX unreconciled_minutes_by_time ON unreconciled_minutes (window_start);

ALTER TABLE stock_metrics
    ADD COLUMN reconciled_at timestamptz,
    ADD COLUMN price_sum numeric,
    ALTER COLUMN is_final SET DEFAULT false;
COMMENT ON COLUMN stock_metrics.reconciled_at IS 'when the candle was last found equal to its trades, or made so; null while it waits';
COMMENT ON COLUMN stock_metrics.price_sum IS 'the sum of the prices, which wider candles are made from; null while it waits';
COMMENT ON COLUMN stock_metrics.late_trades IS 'trades that came after the candle had first been final; they are in all other columns too';
COMMENT ON COLUMN stock_metrics.revision IS 'how often the candle has changed after it was first final';
DROP INDEX stock_metrics_open;
CREATE INDEX stock_metrics_waiting ON stock_metrics (window_end) WHERE reconciled_at IS NULL;
-- Late trades were in no other column: they are counted again when they come into them.
UPDATE stock_metrics SET late_trades = 0 WHERE late_trades > 0;

-- An engine writes a candle until it is reconciled, and not after that: a job that begins again from a checkpoint, or
-- lags, does no harm. A reconciler is told by the time it sets.
CREATE FUNCTION write_candle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF old.reconciled_at IS NOT NULL THEN
        RETURN NULL;
    END IF;
    new.updated_at := clock_timestamp();
    RETURN new;
END
$$;
CREATE TRIGGER written_by_engine BEFORE UPDATE ON stock_metrics FOR EACH ROW
    WHEN (new.reconciled_at IS NOT DISTINCT FROM old.reconciled_at) EXECUTE FUNCTION write_candle();

-- A Flink job writes the candles itself, by an upsert. Its sessions hold the lock of the engine that they are of.
DROP TABLE flink_candles, flink_closings, flink_ticks;
DROP FUNCTION flink_candle(), flink_tick();
-- It tells minutes by its own clock, which a session has its zone from: in another one they would be other minutes.
CREATE OR REPLACE FUNCTION flink_claims() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    zone CONSTANT text := current_setting('TimeZone');
    holder text := claim_candles('flink');
BEGIN
    IF zone NOT IN ('UTC', 'Etc/UTC', 'GMT', 'Etc/GMT') THEN
        RAISE 'the Java of this job lives in zone %, not in UTC: start it with -Duser.timezone=UTC', zone;
    END IF;
    IF holder IS NOT NULL THEN
        RAISE 'the candles are written by % already', holder;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER claims BEFORE INSERT ON stock_metrics FOR EACH STATEMENT
    WHEN (current_setting('application_name') = 'stockstream flink') EXECUTE FUNCTION flink_claims();

-- Wider candles are made of reconciled minutes, in the transaction that reconciles them.
CREATE TABLE candle_frames (
    width interval NOT NULL,
    slide interval NOT NULL,
    PRIMARY KEY (width, slide)
);
COMMENT ON TABLE candle_frames IS 'the windows that the table candles is kept for';
INSERT INTO candle_frames
SELECT DISTINCT width, slide FROM candles
WHERE extract(epoch FROM width) % 60 = 0 AND extract(epoch FROM slide) % 60 = 0;

INSERT INTO touched_minutes (symbol, window_start)
SELECT symbol, window_start FROM late_arrivals UNION SELECT symbol, date_trunc('minute', "timestamp", 'UTC') FROM early_trades;
DROP TABLE late_arrivals, early_trades, aggregator_marks, aggregator_symbols, candle_pieces;

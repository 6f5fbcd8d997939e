-- The roles of the processes, each with just its rights; to do it again changes nothing. Roles belong to the
-- server and rights to the database: several databases share the roles. Where this user may not make what is
-- missing, or does not own the tables, all stays as it is.
DO $$
DECLARE
    name text;
BEGIN
    IF NOT pg_has_role((SELECT relowner FROM pg_class WHERE oid = 'trades'::regclass), 'USAGE') THEN
        RETURN;
    END IF;
    FOREACH name IN ARRAY ARRAY[
        'stockstream_reader', 'stockstream_writer', 'stockstream_aggregator', 'stockstream_detector',
        'stockstream_flink', 'stockstream_producer'
    ] LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = name);
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', name);
        EXCEPTION
            -- Another database of this server was first.
            WHEN duplicate_object OR unique_violation THEN NULL;
            WHEN insufficient_privilege THEN RETURN;
        END;
    END LOOP;

    IF has_schema_privilege(current_schema(), 'USAGE WITH GRANT OPTION') THEN
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO stockstream_reader, stockstream_writer, stockstream_aggregator, '
                       'stockstream_detector, stockstream_flink, stockstream_producer', current_schema());
    END IF;

    -- All may look at all that the system keeps; of the tape the detector does not see the labels that it is
    -- judged by.
    GRANT SELECT ON
        ingest_offsets, topic_lives, lost_ranges, dead_letters, stock_metrics, anomalies, touched_minutes,
        unreconciled_minutes, candle_frames, candles, prunings, schema_versions, flink_findings, feed_gaps
    TO stockstream_reader, stockstream_writer, stockstream_aggregator, stockstream_detector, stockstream_flink;
    GRANT SELECT ON trades TO stockstream_reader, stockstream_writer, stockstream_aggregator, stockstream_flink;
    EXECUTE (
        SELECT format('GRANT SELECT (%s) ON trades TO stockstream_detector', string_agg(quote_ident(attname), ', '))
        FROM pg_attribute
        WHERE attrelid = 'trades'::regclass AND attnum > 0 AND NOT attisdropped
          AND attname NOT IN ('anomaly', 'is_anomaly')
    );
    FOR name IN SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'trades'::regclass LOOP
        EXECUTE format('GRANT SELECT ON %s TO stockstream_reader, stockstream_writer, stockstream_aggregator, '
                       'stockstream_flink', name);
    END LOOP;

    -- Whoever reads the topic keeps its place, and what it knows of the topic.
    GRANT INSERT, UPDATE ON ingest_offsets TO stockstream_writer, stockstream_aggregator, stockstream_detector;
    GRANT INSERT ON topic_lives, lost_ranges TO stockstream_writer, stockstream_aggregator, stockstream_detector;

    GRANT INSERT ON trades, touched_minutes TO stockstream_writer;
    GRANT UPDATE (corrected_at) ON trades TO stockstream_writer;
    GRANT INSERT, UPDATE, DELETE ON dead_letters TO stockstream_writer;
    GRANT EXECUTE ON FUNCTION make_trades_day(date) TO stockstream_writer;

    -- Reconcilers run beside either engine.
    GRANT INSERT, UPDATE, DELETE ON stock_metrics, candles, candle_frames, touched_minutes, unreconciled_minutes
        TO stockstream_aggregator, stockstream_flink;

    GRANT INSERT ON anomalies TO stockstream_detector;

    GRANT INSERT, UPDATE ON flink_findings TO stockstream_flink;
    GRANT INSERT ON anomalies TO stockstream_flink;

    -- A feed tells where it has missed trades, and a replay asks what is stored already.
    GRANT INSERT, DELETE ON feed_gaps TO stockstream_producer;
    GRANT SELECT ON feed_gaps, trades, ingest_offsets, topic_lives, lost_ranges, dead_letters TO stockstream_producer;

    -- A job moves its own place. The consumer's flags --skip-lost and --accept-new-topic speak for all jobs.
    IF EXISTS (SELECT FROM pg_policy WHERE polrelid = 'ingest_offsets'::regclass AND polname = 'own_place') THEN
        RETURN;
    END IF;
    CREATE POLICY any_place ON ingest_offsets FOR SELECT USING (true);
    CREATE POLICY own_place ON ingest_offsets USING (
        pg_has_role('stockstream_writer', 'USAGE')
        OR (pg_has_role('stockstream_aggregator', 'USAGE') AND job ~ '^aggregator( |$)')
        OR (pg_has_role('stockstream_detector', 'USAGE') AND job = 'detector')
        OR NOT (pg_has_role('stockstream_aggregator', 'USAGE') OR pg_has_role('stockstream_detector', 'USAGE'))
    );
    ALTER TABLE ingest_offsets ENABLE ROW LEVEL SECURITY;
END
$$

-- The roles that a user of one process is put in, and whether this server has them.
SELECT role, EXISTS (SELECT FROM pg_roles WHERE rolname = role)
FROM unnest(ARRAY[
    'stockstream_reader', 'stockstream_writer', 'stockstream_aggregator', 'stockstream_detector', 'stockstream_flink',
    'stockstream_producer'
]) AS role

-- End a former owner's session that has been in the middle of writing for too long: of a process that was
-- stopped or cut off, it would keep the place locked for as long as that lasts. What it wrote is undone.
SELECT pg_terminate_backend(writer.pid)
FROM ingest_offsets AS place
JOIN pg_stat_activity AS writer ON writer.backend_xid = place.xmax
WHERE place.job = %(job)s AND place.topic = %(topic)s AND place.kafka_partition = %(partition)s
  AND writer.usename = current_user AND writer.pid <> pg_backend_pid()
  AND writer.xact_start < clock_timestamp() - %(patience)s * interval '1 second'

-- The fence as a function, so that it and the COPY behind it are one message to the server and not two: it
-- raises where it refuses, and what stands behind it in the message is not done.

-- Move a job on in each of the partitions, locked in the order of their numbers, where it is still their owner
-- and nobody has moved it since. Raises SF001 otherwise; its message is the number of such a partition.
CREATE FUNCTION advance_places(
    of_job text, of_topic text, partitions integer[], starts bigint[], ends bigint[], epochs bigint[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    refused integer;
BEGIN
    WITH mine AS MATERIALIZED (
        SELECT place.kafka_partition, step.next_offset
        FROM ingest_offsets AS place
        JOIN unnest(partitions, starts, ends, epochs) AS step (kafka_partition, start_offset, next_offset, epoch)
            ON step.kafka_partition = place.kafka_partition
            AND step.start_offset = place.next_offset
            AND step.epoch = place.owner_epoch
        WHERE place.job = of_job AND place.topic = of_topic
        ORDER BY place.kafka_partition
        FOR UPDATE OF place
    ), moved AS (
        UPDATE ingest_offsets AS place
        SET next_offset = mine.next_offset, updated_at = now()
        FROM mine
        WHERE place.job = of_job AND place.topic = of_topic AND place.kafka_partition = mine.kafka_partition
        RETURNING place.kafka_partition
    )
    SELECT min(kafka_partition) INTO refused
    FROM unnest(partitions) AS asked (kafka_partition)
    WHERE kafka_partition NOT IN (SELECT kafka_partition FROM moved);
    IF refused IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'SF001', MESSAGE = refused::text;
    END IF;
END
$$;

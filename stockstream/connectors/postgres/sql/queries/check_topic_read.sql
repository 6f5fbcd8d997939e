-- Whether a job has begun to read the topic here: from then on the topic is the one way to the tape.
SELECT EXISTS (SELECT FROM topic_lives WHERE topic = %(topic)s AND topic_id <> %(imported)s)
    OR EXISTS (SELECT FROM ingest_offsets WHERE topic = %(topic)s AND owner_epoch > 0)
    OR EXISTS (SELECT FROM dead_letters WHERE topic = %(topic)s)

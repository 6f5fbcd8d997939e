-- A topic may be deleted and made anew, and a topic may drop what was not read: both are kept in mind,
-- so that the tape's places never go back and an audit knows what is missing.

CREATE TABLE topic_lives (
    topic           text        NOT NULL,
    kafka_partition integer     NOT NULL,
    life            bigint      GENERATED ALWAYS AS IDENTITY,
    topic_id        text        NOT NULL,
    base_offset     bigint      NOT NULL CHECK (base_offset >= 0),
    since           timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, kafka_partition, life)
);
COMMENT ON TABLE topic_lives IS 'each time a topic was made; the newest life of a partition is the one that is read';
COMMENT ON COLUMN topic_lives.topic_id IS 'the id that Kafka gave the topic when it was made';
COMMENT ON COLUMN topic_lives.base_offset IS 'a message''s place on the tape is this plus its offset in Kafka';

CREATE TABLE lost_ranges (
    lost_range      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job             text        NOT NULL,
    topic           text        NOT NULL,
    kafka_partition integer     NOT NULL,
    from_offset     bigint      NOT NULL,
    to_offset       bigint      NOT NULL CHECK (to_offset > from_offset),
    accepted_at     timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE lost_ranges IS 'messages that a job has never read and never will: they are gone from the topic';
COMMENT ON COLUMN lost_ranges.from_offset IS 'the first place on the tape that was lost';
COMMENT ON COLUMN lost_ranges.to_offset IS 'the place after the last one that was lost';

-- An import brings trades to the places that they had, and not what stood between them.
ALTER TABLE ingest_offsets ADD COLUMN absent bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN ingest_offsets.absent IS
    'places below next_offset that an import brought no trade for: dead letters, repeats, what was not exported';

-- What was pruned is not missing: an audit has to know from which moment on the tape is whole.
CREATE TABLE prunings (
    pruning   bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    before    timestamptz NOT NULL,
    pruned_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN prunings.before IS 'trades that happened before this moment may have been deleted';

-- Which steps of the schema have been taken.
CREATE TABLE IF NOT EXISTS schema_versions (
    version    integer     PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
)

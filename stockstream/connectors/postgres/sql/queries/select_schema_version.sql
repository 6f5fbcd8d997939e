-- The newest step taken.
SELECT coalesce(max(version), 0) FROM schema_versions

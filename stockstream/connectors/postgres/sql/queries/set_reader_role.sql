-- Take a role that may read and not write, where the user may take one: the system's own where it has its rights
-- here, or else PostgreSQL's. A user who is only in such a role has no more to give up.
SELECT set_config('role', coalesce((
    SELECT rolname FROM pg_roles
    WHERE pg_has_role(oid, 'MEMBER') AND (
        rolname = 'pg_read_all_data'
        OR (rolname = 'stockstream_reader' AND has_table_privilege(oid, to_regclass('trades'), 'SELECT'))
    )
    ORDER BY rolname DESC
    LIMIT 1
), 'none'), false)

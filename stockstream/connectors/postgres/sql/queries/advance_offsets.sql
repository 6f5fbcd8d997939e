-- The fence.
SELECT advance_places(
    %(job)s, %(topic)s, %(partitions)s::integer[], %(starts)s::bigint[], %(ends)s::bigint[], %(epochs)s::bigint[]
)

-- The columns of `trades` that a writer fills, in their order.
SELECT attname
FROM pg_attribute
WHERE attrelid = 'trades'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
ORDER BY attnum

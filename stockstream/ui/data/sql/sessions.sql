-- The programs of this project that are connected to this database now.
SELECT substring(s.application_name FROM length('stockstream ') + 1) AS program, count(*)
FROM pg_stat_activity AS s
WHERE s.datname = current_database() AND s.application_name LIKE 'stockstream %'
GROUP BY 1
ORDER BY 1

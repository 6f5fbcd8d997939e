-- How many dead letters there are, counted up to ten thousand.
SELECT count(*) FROM (SELECT FROM dead_letters LIMIT 10000) AS counted

-- How many dead letters a topic has.
SELECT count(*) FROM dead_letters WHERE topic = %(topic)s

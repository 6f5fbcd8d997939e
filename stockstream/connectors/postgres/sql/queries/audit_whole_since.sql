-- The moment from which on no trade was pruned; null where none ever was.
SELECT max(before) FROM prunings

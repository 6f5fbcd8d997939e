-- A look-up by key: a plan that reads the whole tape to find a few trades would be wrong, whatever
-- the planner believes of a table that has just been filled.
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off;
SET LOCAL enable_seqscan = off

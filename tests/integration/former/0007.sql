-- What version 7 kept besides: that trades were pruned.
INSERT INTO prunings (before) VALUES ('2018-01-01Z');

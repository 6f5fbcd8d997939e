-- Keep in mind that trades of before a moment may be deleted from now on.
INSERT INTO prunings (before) VALUES (%(before)s)

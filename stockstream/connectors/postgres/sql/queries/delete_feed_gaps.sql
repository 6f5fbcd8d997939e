-- Delete what was recorded of a symbol's trades from a moment on: it is known better now.
DELETE FROM feed_gaps WHERE symbol = %(symbol)s AND source = %(source)s AND gap_start >= %(start)s

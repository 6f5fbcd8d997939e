-- Whether a symbol has at least a number of trades; counts no further.
SELECT count(*) >= %(trades)s FROM (SELECT FROM trades WHERE symbol = %(symbol)s LIMIT %(trades)s) AS counted

-- Tables of days in both of which a trade could be, by the ranges of their ids: a table's own key keeps
-- each trade once in it.
SELECT trades_day_name(one.day) AS one, trades_day_name(other.day) AS other
FROM trades_days() AS one
JOIN trades_days() AS other
    ON (one.day < other.day OR (one.day IS NOT NULL AND other.day IS NULL))
    AND one.lowest_id <= other.highest_id AND other.lowest_id <= one.highest_id
ORDER BY 1, 2

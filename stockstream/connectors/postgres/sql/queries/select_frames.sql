-- The frames that are kept, and the rules of their days.
SELECT width, slide, calendars FROM candle_frames ORDER BY width, slide

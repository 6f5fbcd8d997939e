-- Where a live feed knows that it has not got all trades: candles that touch such a gap equal the tape, and the
-- tape is not whole there.
CREATE TABLE feed_gaps (
    symbol         text COLLATE "C" NOT NULL,
    source         text COLLATE "C" NOT NULL,
    gap_start      timestamptz      NOT NULL,
    gap_end        timestamptz,
    missing_trades bigint,
    reason         text             NOT NULL,
    noted_at       timestamptz      NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (symbol, source, gap_start)
);
CREATE INDEX feed_gaps_by_note ON feed_gaps (noted_at);
COMMENT ON TABLE feed_gaps IS 'stretches of time in which a live feed has missed trades that it could not get afterwards';
COMMENT ON COLUMN feed_gaps.gap_start IS 'the last trade before the gap, or the minute that the feed began in';
COMMENT ON COLUMN feed_gaps.gap_end IS 'the first trade after it; null while there is none';
COMMENT ON COLUMN feed_gaps.missing_trades IS 'how many the venue has numbered; null where nobody knows';

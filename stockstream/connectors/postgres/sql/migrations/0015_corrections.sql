-- A trade that a venue corrects or cancels is marked and stays; the correction is a trade of its own. Candles are made of
-- the trades that are not marked.

ALTER TABLE trades
    ADD COLUMN corrects text,
    ADD COLUMN cancels boolean NOT NULL DEFAULT false,
    ADD COLUMN corrected_at timestamptz;
COMMENT ON COLUMN trades.corrects IS 'the trade_id of the trade, of the same source and symbol, that this one corrects or cancels';
COMMENT ON COLUMN trades.cancels IS 'whether the trade that it names did not happen after all';
COMMENT ON COLUMN trades.corrected_at IS 'when it was corrected or cancelled: it counts no more; null if it stands';

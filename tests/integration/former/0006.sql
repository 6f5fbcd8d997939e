-- What version 6 kept besides: candles of five minutes and their pieces.
INSERT INTO candle_pieces (job, symbol, piece_start, trade_count, price_sum, volume, value, buy_volume,
                           sell_volume)
VALUES ('aggregator 5m', 'AAPL', '2026-11-20 12:00Z', 2, 374.22000001, 100.5, 18805.55, 100, 0.5);
INSERT INTO candles (symbol, width, slide, window_start, window_end, trade_count, total_volume,
                     total_value, buy_volume, sell_volume, late_trades)
VALUES ('AAPL', '5m', '5m', '2026-11-20 12:00Z', '2026-11-20 12:05Z', 2, 100.5, 18805.55, 100, 0.5, 0);

"""Candles: the trades of a symbol and minute, summarised as they arrive."""

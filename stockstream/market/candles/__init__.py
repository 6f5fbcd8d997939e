"""Candles: what the trades of a symbol's minute come to, while they form."""

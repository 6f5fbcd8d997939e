"""A market tape: every trade stored once, every candle equal to SQL over the trades."""

__version__ = "1.0.0"

"""Turn the trades of the topic into candles by event time, and make each equal to SQL over its trades."""

from stockstream import cli
from stockstream.commands import aggregator

if __name__ == "__main__":
    cli.run(aggregator.parser(), aggregator.main)

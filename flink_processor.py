"""Make candles, or find patterns, with Apache Flink: a local one, or any cluster with a SQL gateway."""

from stockstream import cli
from stockstream.commands import flink_processor

if __name__ == "__main__":
    cli.run(flink_processor.parser(), flink_processor.main)

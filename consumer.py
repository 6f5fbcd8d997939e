"""Store the trades of the topic in PostgreSQL, each once."""

from stockstream import cli
from stockstream.commands import consumer

if __name__ == "__main__":
    cli.run(consumer.parser(), consumer.main)

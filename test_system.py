"""Say of every part of the system whether it is well, and what to do if not."""

from stockstream import cli
from stockstream.commands import health

if __name__ == "__main__":
    cli.run(health.parser(), health.main)

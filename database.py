"""Make the tables, look at them, export and import the tape, and prune what is old."""

from stockstream import cli
from stockstream.commands import database

if __name__ == "__main__":
    cli.run(database.parser(), database.main)

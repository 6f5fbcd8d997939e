"""Send trades to Kafka: those of a simulated market, of a file, or of a venue as they happen.

Ctrl-C or SIGTERM ends it: what it has sent is acknowledged first.
"""

from stockstream import cli
from stockstream.commands import producer

if __name__ == "__main__":
    cli.run(producer.parser(), producer.main)

"""The written columns of `trades`, in the order of all statements: grouped by how they are written."""

from stockstream.market.trade.schema import AMOUNTS, FLAGS, TEXTS, TIMES

NAMES = (*TEXTS, *AMOUNTS, *FLAGS, *TIMES, "kafka_offset", "kafka_partition")
# As used in a statement.
LIST = ", ".join(f'"{name}"' for name in NAMES)

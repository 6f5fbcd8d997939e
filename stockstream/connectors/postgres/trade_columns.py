"""The written columns of `trades`, in the order of all statements: grouped by how they are written."""

from stockstream.market.trade.schema import AMOUNTS, TEXTS, TIMES

NAMES = (*TEXTS, *AMOUNTS, *TIMES, "kafka_offset", "kafka_partition")
# As used in a statement.
LIST = ", ".join(f'"{name}"' for name in NAMES)

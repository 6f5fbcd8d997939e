"""The columns of `trades` that are written, in the order of all statements: by how they are written."""

from stockstream.market.trade.schema import AMOUNTS, TEXTS, TIMES

NAMES = (*TEXTS, *AMOUNTS, *TIMES, "kafka_offset", "kafka_partition")
# As a statement has it.
LIST = ", ".join(f'"{name}"' for name in NAMES)

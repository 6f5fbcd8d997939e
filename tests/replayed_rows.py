"""The rows of a replayed file, one by one: what its messages say, and which rows are bad."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple
from unittest.mock import patch

from stockstream.connectors.files.trade_file import BLOCK
from stockstream.jobs.replay.portion import messages_of
from stockstream.jobs.replay.rows import TradeRows
from stockstream.market.files.column_reader import ColumnReader
from stockstream.market.trade.codec import decode
from stockstream.market.trade.schema import Trade


class TradeRow(NamedTuple):
    """A row's line and trade; for a bad row, None and the reason."""

    line: int
    trade: Trade | None
    fault: str = ""


def rows_after(rows: TradeRows, line: int = 0, size: int = BLOCK) -> list[TradeRow]:
    """Return the rows after a line, in order, read in blocks of so many characters."""
    found = []
    for portion in rows.after(line, size):
        trades = map(decode, messages_of(portion.trades).values)
        found += [TradeRow(*each) for each in zip(portion.trades["line"].to_pylist(), trades, strict=True)]
        found += [TradeRow(number, None, fault) for number, fault in portion.bad]
    return sorted(found, key=lambda row: row.line)


@contextmanager
def one_by_one() -> Iterator[None]:
    """Read all rows one by one, as those are that are not like the others."""
    with patch.object(ColumnReader, "read", lambda *_: None):
        yield

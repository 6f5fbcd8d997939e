"""Trades of several files merged by time, in bounded memory."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from stockstream.connectors.files.trade_file import BLOCK
from stockstream.jobs.replay.file import ReplayedFile
from stockstream.jobs.replay.portion import Ints, column

LEAST = 1 << 16  # characters of a block, however many files there are


class _Head:
    """What was read of a file and not yet merged.

    Attributes:
        number: the place of the file.
        trades: the next trades; None at the end of the file.
        order: the latest time so far at each of them: a late trade comes with the one before it.
    """

    def __init__(self, number: int, file: ReplayedFile, size: int) -> None:
        self.number = number
        self._portions = file.portions(size)
        self._latest = np.iinfo(np.int64).min
        self.read()

    def read(self) -> None:
        """Read the next trades."""
        self.trades = next((trades for trades in self._portions if trades.num_rows), None)
        if self.trades is not None:
            self.order = np.maximum(np.maximum.accumulate(column(self.trades, "at")), self._latest)
            self._latest = int(self.order[-1])

    def take(self, until: int) -> tuple[pa.RecordBatch, Ints]:
        """Remove the trades up to a time and return them, with their order."""
        assert self.trades is not None  # noqa: S101 - for the type checker: heads at their end are removed
        count = int(np.searchsorted(self.order, until, "right"))
        taken, order = self.trades.slice(0, count), self.order[:count]
        self.trades, self.order = self.trades.slice(count), self.order[count:]
        if not self.trades.num_rows:
            self.read()
        return taken, order


def merged(files: Sequence[ReplayedFile]) -> Iterator[pa.RecordBatch]:
    """Yield the trades of files by time, as columns of `Portion` and `file`, the place of the file.

    A file that is not in order of time keeps its own order. One is opened when its first trade is due, and in
    memory there is a block of each file that is open.
    """
    size = max(BLOCK // len(files), LEAST)
    waiting = sorted(range(len(files)), key=lambda number: files[number].earliest, reverse=True)
    heads: list[_Head] = []
    while waiting or heads:
        until = min((int(head.order[-1]) for head in heads), default=None)
        while waiting and (until is None or files[waiting[-1]].earliest <= until):
            number = waiting.pop()
            head = _Head(number, files[number], size)
            if head.trades is not None:
                heads = sorted([*heads, head], key=lambda each: each.number)
                until = min(int(each.order[-1]) for each in heads)
        if until is None:
            continue
        taken = [(head.number, *head.take(until)) for head in heads]
        heads = [head for head in heads if head.trades is not None]
        yield _sorted(taken)


def _sorted(taken: Sequence[tuple[int, pa.RecordBatch, Ints]]) -> pa.RecordBatch:
    found = [each for each in taken if each[1].num_rows]
    numbers = np.concatenate([np.full(trades.num_rows, number) for number, trades, _ in found])
    trades = pa.concat_batches([trades for _, trades, _ in found])
    trades = trades.append_column("file", pa.array(numbers))
    if len(found) == 1:
        return trades
    order = np.argsort(np.concatenate([order for *_, order in found]), kind="stable")
    return trades.take(pa.array(order))

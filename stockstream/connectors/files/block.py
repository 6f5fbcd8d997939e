"""Some neighbouring rows of a file, as columns where nothing in them is unusual, and always one by one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Ints = NDArray[np.int64]


class Row(NamedTuple):
    """A row and its line, counted as in an editor: a header is line 1; in Parquet, the row number from 1.

    Attributes:
        fault: why the row cannot be read; empty if it can.
    """

    line: int
    cells: Sequence[Any]
    fault: str = ""


@dataclass(frozen=True)
class Block:
    """Neighbouring rows.

    Attributes:
        lines: the line of each row if there are columns, shape (rows,).
        columns: by the index of each column that is used, its cells as text or times; None if the rows can
            only be read one by one.
        rows: returns the rows one by one.
        row: returns one row, by its place in the block; only if there are columns.
    """

    lines: Ints
    columns: Mapping[int, pa.Array] | None
    rows: Callable[[], Iterator[Row]]
    row: Callable[[int], Row]

    @classmethod
    def of(cls, rows: Sequence[Row]) -> "Block":
        """Return a block of rows that were read one by one."""
        return cls(np.array([row.line for row in rows], np.int64), None, lambda: iter(rows), rows.__getitem__)

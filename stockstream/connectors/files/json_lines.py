"""Files with a JSON object in each line, possibly behind a time of arrival, as recorders of feeds write them.

Objects within an object are its columns too, named `data.p`. The columns are those of the first lines.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, TextIO

import msgspec

from stockstream.connectors.files.block import Block, Row
from stockstream.connectors.files.dialect import LOOKED_AT, Dialect

ROWS = 5_000
# A time as a number, such as nanoseconds since 1970.
_ARRIVAL = re.compile(r"\d{10,19} (?=\{)")
# A number with decimals stays the text that it is.
_decode = msgspec.json.Decoder(dict[str, Any], float_hook=str).decode


def is_json(line: str) -> bool:
    """Return whether a line is an object.

    >>> [is_json(line) for line in ('{"p": 1}', '1723161253937085768 {"p": 1}', "p,q")]
    [True, True, False]
    """
    return line.startswith("{") or bool(_ARRIVAL.match(line))


def read_dialect(file: TextIO) -> Dialect:
    """Return the columns of an open file, from its first lines, and the cells of the first object."""
    objects = [cells for cells in map(_cells, islice(file, LOOKED_AT)) if cells]
    header = list(dict.fromkeys(name for cells in objects for name in cells))
    return Dialect(",", 0, header, [objects[0].get(name, "") for name in header] if objects else [])


def blocks_of(file: TextIO, header: Sequence[str]) -> Iterator[Block]:
    """Yield the rows of an open file.

    Raises:
        OSError: the rest of the file cannot be read.
    """
    lines = enumerate(file, 1)
    while portion := list(islice(lines, ROWS)):
        yield Block.of([_row(number, line, header) for number, line in portion if line.strip()])


def _row(number: int, line: str, header: Sequence[str]) -> Row:
    cells = _cells(line)
    if cells is None:
        return Row(number, [], "it is not a JSON object")
    return Row(number, [cells.get(name, "") for name in header])


def _cells(line: str) -> dict[str, str] | None:
    try:
        found = _decode(_ARRIVAL.sub("", line, count=1))
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None
    inner = {
        f"{name}.{key}": cell
        for name, value in found.items()
        if isinstance(value, dict)
        for key, cell in value.items()
    }
    return {name: "" if value is None else str(value) for name, value in (found | inner).items()}

"""Names as numbers: each symbol and each source gets one, for as long as the process lives."""

import numpy as np

from stockstream.market.compiled import compiled
from stockstream.market.windows_arrays import Bytes, Ints

WIDTH = 64  # bytes of the longest name
# The hash FNV-1a (RFC 9923); its low bits tell the place, as an index has a power of two of them.
_PRIME, _BASIS = np.uint64(0x100000001B3), np.uint64(0xCBF29CE484222325)


class Names:
    """Names met so far, by number; the same table answers compiled code and Python.

    >>> names = Names()
    >>> names.number("AAPL"), names.number("IBM"), names.number("AAPL"), names[1]
    (0, 1, 0, 'IBM')
    """

    def __init__(self) -> None:
        """Start without names."""
        self._names: list[str] = []
        self._numbers: dict[str, int] = {}
        self._spelled = np.zeros((64, WIDTH), np.uint8)
        self._lengths = np.zeros(64, np.int64)
        self._index = np.full(256, -1, np.int64)

    def __len__(self) -> int:
        """Return how many names there are."""
        return len(self._names)

    def __getitem__(self, number: int) -> str:
        """Return a name by its number."""
        return self._names[number]

    def number(self, name: str) -> int:
        """Return the number of a name, a new one if it was not met before."""
        found = self._numbers.setdefault(name, len(self._names))
        if found == len(self._names):
            self._add(name)
        return found

    def numbers(self, text: Bytes, places: Ints) -> Ints:
        """Return the number of each name in `text`, given where each begins and ends, shape (n, 2)."""
        found: Ints = _look_up(text, places, self._spelled, self._lengths, self._index)
        for row in np.flatnonzero(found < 0).tolist():
            begin, end = places[row]
            found[row] = self.number(text[begin:end].tobytes().decode("ascii"))
        return found

    def _add(self, name: str) -> None:
        spelled, number = name.encode(), len(self._names)
        self._names.append(name)
        if number == len(self._lengths):
            self._grow()
        # Text of other alphabets may take more room; it is never met as plain bytes.
        if len(spelled) <= WIDTH:
            self._spelled[number, : len(spelled)] = np.frombuffer(spelled, np.uint8)
            self._lengths[number] = len(spelled)
            _remember(number, self._spelled, self._lengths, self._index)

    def _grow(self) -> None:
        held = len(self._lengths)
        self._spelled = np.concatenate([self._spelled, np.zeros_like(self._spelled)])
        self._lengths = np.concatenate([self._lengths, np.zeros_like(self._lengths)])
        self._index = np.full(4 * len(self._lengths), -1, np.int64)
        for number in range(held):
            _remember(number, self._spelled, self._lengths, self._index)


@compiled
def _look_up(text: Bytes, places: Ints, spelled: Bytes, lengths: Ints, index: Ints) -> Ints:
    """Return the number of each name in `text`, below zero where it is none of those spelled."""
    found = np.full(len(places), -1, np.int64)
    for row in range(len(places)):
        begin, end = places[row]
        at = _name_place(text, begin, end, len(index))
        while index[at] >= 0:
            if _is_name(text, begin, end, spelled[index[at]], lengths[index[at]]):
                found[row] = index[at]
                break
            at = at + 1 if at + 1 < len(index) else 0
    return found


@compiled
def _is_name(text: Bytes, begin: int, end: int, name: Bytes, length: int) -> bool:
    if end - begin != length:
        return False
    for step in range(length):  # noqa: SIM110 - compiled, and a generator cannot be
        if text[begin + step] != name[step]:
            return False
    return True


@compiled
def _remember(number: int, spelled: Bytes, lengths: Ints, index: Ints) -> None:
    """Put a name into the index."""
    at = _name_place(spelled[number], 0, lengths[number], len(index))
    while index[at] >= 0:
        at = at + 1 if at + 1 < len(index) else 0
    index[at] = number


@compiled
def _name_place(text: Bytes, begin: int, end: int, size: int) -> int:
    mixed = _BASIS
    for place in range(begin, end):
        mixed = (mixed ^ np.uint64(text[place])) * _PRIME
    return np.int64(mixed & np.uint64(size - 1))  # type: ignore[return-value]

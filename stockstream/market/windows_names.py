"""Names as numbers: each symbol and each source gets one, for as long as the process lives."""

import numpy as np

from stockstream.market.windows_sums import WIDTH, Bytes, Ints, look_up, remember


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
        found: Ints = look_up(text, places, self._spelled, self._lengths, self._index)
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
            remember(number, self._spelled, self._lengths, self._index)

    def _grow(self) -> None:
        held = len(self._lengths)
        self._spelled = np.concatenate([self._spelled, np.zeros_like(self._spelled)])
        self._lengths = np.concatenate([self._lengths, np.zeros_like(self._lengths)])
        self._index = np.full(4 * len(self._lengths), -1, np.int64)
        for number in range(held):
            remember(number, self._spelled, self._lengths, self._index)

"""Trades of a file as columns: what a message is made of, and what identifies a trade."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, tzinfo
from hashlib import blake2b

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stockstream.market.files.identity import DAY, VENUE

Ints = NDArray[np.int64]

SECOND = 1_000_000  # microseconds


@dataclass(frozen=True)
class TradeColumns:
    """Trades, one per row.

    Attributes:
        rows: their places among the rows that were read.
        at: microseconds since 1970.
        form: the form in which their times were written.
        symbols: their symbols.
        prices: as the shortest text.
        volumes: the same.
        values: prices as floats, for comparisons.
        sides: BUY, SELL, or empty.
        sources: where they come from.
        tails: the end of their messages, from the side on.
        own_ids: their ids in the file; None if it has none.
        venues: what tells ids apart; None if the file does not say.
        day_zone: the zone of the days within which ids are unique.
    """

    rows: Ints
    at: Ints
    form: str
    symbols: pa.StringArray
    prices: pa.StringArray
    volumes: pa.StringArray
    values: NDArray[np.float64]
    sides: pa.StringArray
    sources: pa.StringArray
    tails: pa.StringArray
    own_ids: pa.StringArray | None
    venues: pa.StringArray | None
    day_zone: tzinfo = UTC

    def __len__(self) -> int:
        """Return the number of trades."""
        return len(self.at)

    def ids(self, parts: Collection[str]) -> pa.StringArray:
        """Return their ids on the tape; if the file has none, what their content gives the first of equals.

        Args:
            parts: within what ids are unique, of ID_PARTS.
        """
        if self.own_ids is None:
            names = (
                blake2b(words, digest_size=16).hexdigest()
                for words in self._content().cast("binary").to_pylist()
            )
            return pa.array(names, pa.string(), size=len(self))
        before = []
        if DAY in parts:
            moments = pa.array(self.at, pa.timestamp("us", str(self.day_zone)))
            # Few days have many trades: each is written once.
            days = pc.local_timestamp(moments).cast(pa.date32(), safe=False).dictionary_encode()
            before.append(pc.strftime(days.dictionary, "%Y%m%d").take(days.indices))
        if VENUE in parts:
            before.append(self.venues)
        return pc.binary_join_element_wise(*before, self.own_ids, "/") if before else self.own_ids

    def keys(self, parts: Collection[str]) -> list[str]:
        """Return what is equal for rows that would be one trade on the tape, as `identity.key_of` does."""
        parted = (self._content(),) if self.own_ids is None else (self.ids(parts), self.sources)
        keys: list[str] = pc.binary_join_element_wise(*parted, self.symbols, "\n").to_pylist()
        return keys

    def _content(self) -> pa.StringArray:
        times = pc.replace_substring(stamps(self.at), "Z", "+00:00")
        return pc.binary_join_element_wise(times, self.prices, self.volumes, self.sides, "|")


def stamps(at: Ints) -> pa.StringArray:
    """Return times as in a message: RFC 3339 in UTC, without a fraction of zero.

    >>> stamps(np.array([1704205800000000, 1704205800500000])).to_pylist()
    ['2024-01-02T14:30:00Z', '2024-01-02T14:30:00.500000Z']
    """
    # Arrow writes a space between date and time.
    texts = pc.utf8_replace_slice(pa.array(at, pa.timestamp("us")).cast(pa.string()), 10, 11, "T")
    if not (at % SECOND).all():
        texts = pc.replace_substring(texts, ".000000", "")
    return pc.binary_join_element_wise(texts, "Z", "")

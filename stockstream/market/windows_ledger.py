"""What is held of the windows that are not forgotten: the sums of each, and which trades are in them.

A slot has the sums of one symbol's window from one partition and source. Memory goes with the trades that
are held: 16 bytes for the id of each, 4 for its slot, and 5 to 8 for the place in an index.
"""

import numpy as np

from stockstream.market import windows_places as places
from stockstream.market import windows_sums as sums
from stockstream.market.windows_arrays import (
    ALIVE,
    MOST,
    OWNERS,
    PARTITION,
    TOUCHED,
    Bounds,
    Bytes,
    Held,
    Ints,
    Slots,
)
from stockstream.market.windows_columns import Columns

FIRST_SLOTS = 4_096
FIRST_IDS = 8_192
# Arrays grow by little, because there are many ids: 1.25 costs eight percent of them on average.
GROWTH = 1.25
FULLEST = 0.8


class Ledger:
    """Slots and ids, in arrays that grow; the arrays themselves are what compiled code works on."""

    def __init__(self) -> None:
        """Start empty."""
        self._owners = np.zeros((FIRST_SLOTS, OWNERS), np.int64)
        self._words = np.zeros((FIRST_SLOTS, sums.WORDS), np.int64)
        self._ids = np.zeros((FIRST_IDS, 2), np.uint64)
        self._slots = np.zeros(FIRST_IDS, np.int32)
        self._used = np.zeros(2, np.int64)
        self._by_owner = self._by_id = np.zeros(0, np.int32)
        self._forgotten = 0
        self._index_owners()
        self._index_ids(0)

    @property
    def slots(self) -> int:
        """How many slots there are, forgotten ones included."""
        return int(self._used[0])

    @property
    def owners(self) -> Ints:
        """Whose each slot is, as compiled code has it; to be read."""
        return self._owners[: self.slots]

    def words(self, slot: int) -> list[int]:
        """Return the sums of a slot."""
        found: list[int] = self._words[slot].tolist()
        return found

    def add(self, trades: Columns, bounds: Bounds) -> tuple[Bytes, Slots]:
        """Count trades; returns what became of each, and the slot of each that was counted."""
        count = len(trades)
        self._make_room(count)
        fates, slots = np.zeros(count, np.uint8), np.full(count, -1, np.int32)
        had = self.slots
        places.place(trades.rows, bounds, self._held(), fates, slots)
        sums.clear(self._words[had : self.slots])
        sums.add(trades.rows, bounds, fates, slots, self._words)
        return fates, slots

    def take_touched(self) -> list[int]:
        """Return the slots that have changed since this was asked."""
        touched = np.flatnonzero(self.owners[:, TOUCHED]).tolist()
        self._owners[touched, TOUCHED] = 0
        return touched

    def first_offsets(self) -> dict[int, int]:
        """Return, for each partition that slots are held of, the offset of the first trade in them."""
        alive = np.flatnonzero(self.owners[:, ALIVE])
        firsts, partitions = self._words[alive, sums.FIRST_OFFSET], self._owners[alive, PARTITION]
        found = {each: int(firsts[partitions == each].min()) for each in np.unique(partitions).tolist()}
        return {partition: first for partition, first in found.items() if first < MOST}

    def forget(self, slots: list[int]) -> None:
        """Let slots go, with the ids in them."""
        self._owners[slots, ALIVE] = self._owners[slots, TOUCHED] = 0
        self._forgotten += int(self._words[slots, sums.COUNT].sum()) + len(slots)

    def swept(self) -> Slots | None:
        """Make room if much was forgotten; returns where each slot went, below zero if it is gone."""
        if 2 * self._forgotten < int(self._used.sum()) or self._forgotten < FIRST_SLOTS:
            return None
        moved = np.full(self.slots, -1, np.int32)
        places.sweep(self._held(), moved)
        self._forgotten = 0
        self._shrink()
        return moved

    def _held(self) -> Held:
        return Held(
            self._owners, self._words, self._by_owner, self._ids, self._slots, self._by_id, self._used
        )

    def _make_room(self, count: int) -> None:
        slots, ids = (self._used + count).tolist()
        if slots > len(self._owners):
            room = round(slots * GROWTH)
            self._owners.resize((room, OWNERS), refcheck=False)
            self._words.resize((room, sums.WORDS), refcheck=False)
        if slots > FULLEST * len(self._by_owner):
            self._index_owners()
        if ids > len(self._slots):
            self._resize_ids(round(ids * GROWTH))
        if ids > FULLEST * len(self._by_id):
            self._index_ids(ids)

    def _shrink(self) -> None:
        self._resize_ids(max(FIRST_IDS, round(int(self._used[1]) * GROWTH)))
        self._index_owners()
        self._index_ids(int(self._used[1]))

    def _resize_ids(self, room: int) -> None:
        # In place: a copy would hold all ids twice for a moment.
        self._ids.resize((room, 2), refcheck=False)
        self._slots.resize(room, refcheck=False)

    def _index_owners(self) -> None:
        self._by_owner = np.full(2 * len(self._owners), -1, np.int32)
        if self.slots:
            places.index_owners(self._held())

    def _index_ids(self, count: int) -> None:
        # Grows by much: each time all ids are put into it anew. The old one goes before the new one comes.
        self._by_id = self._by_id[:0].copy()
        self._by_id = np.full(2 * max(FIRST_IDS, count), -1, np.int32)
        if self._used[1]:
            places.index_ids(self._held())

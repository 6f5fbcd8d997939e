"""The id of a trade as 128 bits, so that ids are compared whole, at 16 bytes each, however they are spelled.

They are its own bytes where those are at most 15, the bits of a UUID, or the digest of a longer one.
"""

import numpy as np

from stockstream.market.compiled import compiled
from stockstream.market.windows_arrays import Bytes, Ids, Ints

# How an id came to be 128 bits: ids of two kinds are never the same.
SHORT, UUID, LONG, KINDS = range(4)
_MOST_SHORT, _IN_FIRST = 15, 7
_UUID_LENGTH, _HALF_UUID = 36, 16
_DASHES = np.isin(np.arange(_UUID_LENGTH), [8, 13, 18, 23])
_NO_DIGIT = 255
_DIGITS = np.full(256, _NO_DIGIT, np.uint8)
_DIGITS[list(b"0123456789abcdef")] = np.arange(16)


@compiled
def pack_ids(text: Bytes, places: Ints, ids: Ids, kinds: Ints) -> None:
    """Make 128 bits of each id in `text`; where that takes a digest, `kinds` says `LONG`."""
    for row in range(len(places)):
        begin, end = places[row]
        kinds[row] = LONG
        if end - begin <= _MOST_SHORT:
            kinds[row] = SHORT
            _pack_short(text, begin, end, ids[row])
        elif end - begin == _UUID_LENGTH and _pack_uuid(text, begin, ids[row]):
            kinds[row] = UUID


@compiled
def _pack_short(text: Bytes, begin: int, end: int, packed: Ids) -> None:
    packed[0], packed[1] = np.uint64(end - begin), np.uint64(0)
    for place in range(begin, end):
        word = 0 if place - begin < _IN_FIRST else 1
        packed[word] = (packed[word] << np.uint64(8)) | np.uint64(text[place])


@compiled
def _pack_uuid(text: Bytes, begin: int, packed: Ids) -> bool:
    packed[0], packed[1], digits = np.uint64(0), np.uint64(0), 0
    for step in range(_UUID_LENGTH):
        if _DASHES[step]:
            if text[begin + step] != ord("-"):
                return False
            continue
        digit = _DIGITS[text[begin + step]]
        if digit == _NO_DIGIT:
            return False
        word = 0 if digits < _HALF_UUID else 1
        packed[word] = (packed[word] << np.uint64(4)) | np.uint64(digit)
        digits += 1
    return True

"""Trade ids in time order: UUID version 7 (RFC 9562), made a block at a time."""

from binascii import hexlify

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

ID_LENGTH = 36

# The positions of the groups of hexadecimal digits: in the text, and among the 32 digits.
_GROUPS = (
    *((slice(0, 8), slice(0, 8)), (slice(9, 13), slice(8, 12)), (slice(14, 18), slice(12, 16))),
    *((slice(19, 23), slice(16, 20)), (slice(24, 36), slice(20, 32))),
)


def trade_ids(rng: Generator, event_times: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return one id per row as ASCII characters, an array of shape (rows, 36).

    An id sorts by its event time, down to the microsecond (RFC 9562, 6.2, method 3); 62 random bits keep it
    unique across processes and restarts, so `rng` must not be the market's seeded one.

    Args:
        rng: the source of the random bits.
        event_times: microseconds since 1970 in UTC, without repeats if order matters.
    """
    millis, micros = np.divmod(event_times.astype(np.uint64), np.uint64(1000))
    fraction = micros * np.uint64(4096) // np.uint64(1000)
    high = millis << np.uint64(16) | np.uint64(0x7000) | fraction
    low = rng.integers(0, 1 << 62, event_times.size, np.uint64) | np.uint64(1 << 63)
    octets = np.stack([high, low], axis=1).astype(">u8")
    digits = np.frombuffer(hexlify(octets.tobytes()), np.uint8).reshape(-1, 32)
    text = np.full((event_times.size, ID_LENGTH), ord("-"), np.uint8)
    for place, group in _GROUPS:
        text[:, place] = digits[:, group]
    return text

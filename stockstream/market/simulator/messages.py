"""A tape as messages, a block at a time: byte for byte what `trade.encode` makes of each trade.

It is compiled, because it is the producer's own work on every trade: the only Python object of a trade is the
message that the client takes.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stockstream.market.compiled import compiled
from stockstream.market.simulator.tape import SOURCE, Ints, Tape

SIDES = ("SELL", "BUY")
SECOND = 1_000_000  # microseconds
FRACTION_DIGITS, CENT_DIGITS = 6, 2

_ID = np.frombuffer(b'{"trade_id":"', np.uint8)
_TIME = np.frombuffer(b'","timestamp":"', np.uint8)
_SYMBOL = np.frombuffer(b'Z","symbol":"', np.uint8)
_PRICE = np.frombuffer(b'","price":', np.uint8)
_VOLUME = np.frombuffer(b',"volume":', np.uint8)
_POINT, _ZERO = ord("."), ord("0")
# Everything that has the same length in every message, and the longest fraction of a second.
_FIXED = sum(map(len, (_ID, _TIME, _SYMBOL, _PRICE, _VOLUME))) + FRACTION_DIGITS + 1 + CENT_DIGITS + 1

Bytes = NDArray[np.uint8]


class Words(NamedTuple):
    """Words of different lengths, one per row.

    Args:
        letters: shape (words, longest), padded with zeros.
        lengths: shape (words,).
    """

    letters: Bytes
    lengths: Ints


def encode_tape(tape: Tape, event_times: Ints, ids: Bytes) -> list[bytes]:
    """Return the messages of the tape's trades.

    Args:
        tape: the trades.
        event_times: microseconds since 1970 in UTC, one per trade.
        ids: one id of 36 ASCII characters per row, as `trade_ids` makes them.
    """
    names = _words([name.encode() for name in tape.symbols])
    seconds, micros = np.divmod(event_times, SECOND)
    stamps, stamp = np.unique(seconds, return_inverse=True)
    clock = _words([str(np.datetime64(int(second), "s")).encode() for second in stamps])
    texts, end = _ends(tape)
    ends = _words(texts)
    width = _FIXED + ids.shape[1] + sum(words.letters.shape[1] for words in (names, clock, ends))
    width += sum(len(str(column.max(initial=0))) for column in (tape.cents, tape.volume))
    out = np.zeros((len(tape), width), np.uint8)
    _write(out, ids, clock, stamp, micros, names, tape.symbol, tape.cents, tape.volume, ends, end)
    # A message ends where the zeros begin: as fixed-width text, all become bytes in one call.
    messages: list[bytes] = out.view(f"S{width}").ravel().tolist()
    return messages


def _words(words: Sequence[bytes]) -> Words:
    letters = np.array(words, np.bytes_)
    shape = len(words), letters.dtype.itemsize
    return Words(letters.view(np.uint8).reshape(shape), np.array(list(map(len, words)), np.int64))


def _ends(tape: Tape) -> tuple[list[bytes], Ints]:
    """Return the distinct parts of messages after the volume, and which of them each row has."""
    ends = [_end(side, None) for side in SIDES]
    end = tape.buy.astype(np.int64)
    for row in np.flatnonzero(tape.label).tolist():
        ends.append(_end(SIDES[end[row]], tape.anomaly(row)))
        end[row] = len(ends) - 1
    return ends, end


def _end(side: str, anomaly: str | None) -> bytes:
    label = "null" if anomaly is None else f'"{anomaly}"'
    return f',"trade_type":"{side}","source":"{SOURCE}","anomaly":{label}}}'.encode()


@compiled
def _write(  # noqa: PLR0913, PLR0917 - one parameter per column
    out: Bytes,
    ids: Bytes,
    clock: Words,
    stamp: Ints,
    micros: Ints,
    names: Words,
    symbol: Ints,
    cents: Ints,
    volume: Ints,
    ends: Words,
    end: Ints,
) -> None:
    """Write one message into each row of `out`, whose bytes are zero and which is wide enough."""
    for row in range(len(out)):
        line = out[row]
        at = _put(line, 0, _ID, _ID.size)
        at = _put(line, at, ids[row], ids.shape[1])
        at = _put(line, at, _TIME, _TIME.size)
        at = _put(line, at, clock.letters[stamp[row]], clock.lengths[stamp[row]])
        if micros[row]:  # the codec writes no fraction for a whole second
            at = _put_fraction(line, at, micros[row], FRACTION_DIGITS)
        at = _put(line, at, _SYMBOL, _SYMBOL.size)
        at = _put(line, at, names.letters[symbol[row]], names.lengths[symbol[row]])
        at = _put(line, at, _PRICE, _PRICE.size)
        at = _put_number(line, at, cents[row] // 100)
        at = _put_fraction(line, at, cents[row] % 100, CENT_DIGITS)
        at = _put(line, at, _VOLUME, _VOLUME.size)
        at = _put_number(line, at, volume[row])
        _put(line, at, ends.letters[end[row]], ends.lengths[end[row]])


@compiled
def _put(line: Bytes, at: int, letters: Bytes, length: int) -> int:
    """Write letters at a position, and return the position after them."""
    rest = line[at:]
    for place in range(length):
        rest[place] = letters[place]
    return at + length


@compiled
def _put_number(line: Bytes, at: int, number: int) -> int:
    """Write a non-negative whole number, and return the position after it."""
    end, rest = at + 1, number // 10
    while rest:
        end, rest = end + 1, rest // 10
    _put_digits(line, at, end, number)
    return end


@compiled
def _put_fraction(line: Bytes, at: int, number: int, digits: int) -> int:
    """Write a decimal point and `digits` digits."""
    line[at] = _POINT
    end = at + 1 + digits
    _put_digits(line, at + 1, end, number)
    return end


@compiled
def _put_digits(line: Bytes, begin: int, end: int, number: int) -> None:
    for place in range(end - 1, begin - 1, -1):
        line[place] = _ZERO + number % 10
        number //= 10

"""A tape as messages, a block at a time: byte for byte what `trade.encode` makes of each trade."""

import numpy as np
from numpy.typing import NDArray

from stockstream.market import trade
from stockstream.market.simulator.tape import SOURCE, Ints, Tape

_HEAD = b'{"trade_id":"' + b"i" * 36 + b'","timestamp":"yyyy-mm-ddThh:mm:ss.ffffffZ","symbol":"'
_ID = slice(_HEAD.index(b"i" * 36), _HEAD.index(b"i" * 36) + 36)
_SECONDS = slice(_HEAD.index(b"yyyy"), _HEAD.index(b".ffffff"))
_MICROS = slice(_HEAD.index(b"ffffff"), _HEAD.index(b"Z"))
SIDES = ("SELL", "BUY")
_THREE_DIGITS = np.array([list(b"%03d" % number) for number in range(1000)], np.uint8)


class _PriceText(dict[int, bytes]):
    """The text of a price in cents; a block asks for the same few again and again."""

    def __missing__(self, cents: int) -> bytes:
        self[cents] = text = b"%d.%02d" % divmod(cents, 100)
        return text


class _VolumeText(dict[int, bytes]):
    """The text of a volume, with the name of its field."""

    def __missing__(self, volume: int) -> bytes:
        self[volume] = text = b',"volume":%d,"trade_type":"' % volume
        return text


def encode_tape(tape: Tape, event_times: Ints, ids: NDArray[np.uint8]) -> list[bytes]:
    """Return the messages of the tape's trades.

    Args:
        event_times: microseconds since 1970, UTC, one a trade.
        ids: one id of 36 ASCII characters a row, as `trade_ids` makes them.
    """
    names = [name.encode() + b'","price":' for name in tape.symbols]
    ends, end = _ends(tape)
    price, volume = _PriceText(), _VolumeText()
    # Maps and not a loop: no step of it is the interpreter's.
    parts = zip(
        _heads(event_times, ids),
        map(names.__getitem__, tape.symbol.tolist()),
        map(price.__getitem__, tape.cents.tolist()),
        map(volume.__getitem__, tape.volume.tolist()),
        map(ends.__getitem__, end.tolist()),
        strict=True,
    )
    messages = list(map(b"".join, parts))
    # The codec writes no fraction for a whole second, which breaks the fixed width: one in a million.
    for row in np.flatnonzero(event_times % 1_000_000 == 0).tolist():
        messages[row] = trade.encode(tape.trade(row, event_times[row], ids[row].tobytes().decode()))
    return messages


def _ends(tape: Tape) -> tuple[list[bytes], Ints]:
    """All of a message after its volume: those that come, and which of them each row has."""
    ends = [_end(side, None) for side in SIDES]
    end = tape.buy.astype(np.int64)
    for row in np.flatnonzero(tape.label).tolist():
        ends.append(_end(SIDES[end[row]], tape.anomaly(row)))
        end[row] = len(ends) - 1
    return ends, end


def _end(side: str, anomaly: str | None) -> bytes:
    label = "null" if anomaly is None else f'"{anomaly}"'
    return f'{side}","source":"{SOURCE}","anomaly":{label}}}'.encode()


def _heads(event_times: Ints, ids: NDArray[np.uint8]) -> list[bytes]:
    """All of a message before its symbol: of fixed width, so filled in by column."""
    heads = np.tile(np.frombuffer(_HEAD, np.uint8), (event_times.size, 1))
    heads[:, _ID] = ids
    seconds, micros = np.divmod(event_times, 1_000_000)
    for second in np.unique(seconds):
        text = str(np.datetime64(int(second), "s")).encode()
        heads[seconds == second, _SECONDS] = np.frombuffer(text, np.uint8)
    heads[:, _MICROS] = _THREE_DIGITS[np.stack(np.divmod(micros, 1000), axis=1)].reshape(-1, 6)
    whole: list[bytes] = heads.view(f"S{len(_HEAD)}").ravel().tolist()
    return whole

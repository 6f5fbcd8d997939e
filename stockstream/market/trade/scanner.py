"""The fast reader of messages: one compiled pass over their bytes.

It understands the plain form of the contract (`trade.decode` is all of it) and reports for every message
whether it has this form: one flat object of the contract's fields in any order, each once, with whitespace
between them and scalars under other names skipped, names and text in ASCII without escapes, amounts without
an exponent, times in UTC. It reads each message within its own bounds, so
two halves never form one message. Its results are positions in the bytes; nothing is copied.

It is compiled, because no library reads JSON numbers into exact decimals at this speed, and the time that a
consumer spends on a message is what keeps it from the speed of COPY.
"""

from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stockstream.market.compiled import compiled
from stockstream.market.trade.codec import EARLIEST, LATEST, MAX_MESSAGE_BYTES
from stockstream.market.trade.schema import (
    AMOUNTS,
    BY_NAME,
    FLAGS,
    MAX_DECIMALS,
    MAX_DIGITS,
    SIDE,
    SYMBOL,
    TEXTS,
    TIMES,
    VOLUME,
)

_NAMES = [name.encode() for name in (*TEXTS, *TIMES, *AMOUNTS, *FLAGS)]
_FIRST_TIME, _FIRST_AMOUNT, _OTHER = len(TEXTS), len(TEXTS) + len(TIMES), len(_NAMES)
_FIRST_FLAG = _OTHER - len(FLAGS)
_REQUIRED = sum(1 << at for at, name in enumerate(_NAMES) if BY_NAME[name.decode()].is_required)

_WORDS = (b"null", b"true", b"false", b"BUY", b"SELL")
_LETTERS = np.frombuffer(b"".join([*_NAMES, *_WORDS]), np.uint8)
_WORD_ENDS = np.cumsum([len(word) for word in (*_NAMES, *_WORDS)]).tolist()
_WORD_PLACES = tuple(zip([0, *_WORD_ENDS[:-1]], _WORD_ENDS, strict=True))
_NAME_PLACES = np.array(_WORD_PLACES[:_OTHER])
_NAME_LENGTHS = np.array([len(name) for name in _NAMES])
_NULL, _TRUE, _FALSE, _BUY, _SELL = _WORD_PLACES[_OTHER:]
_LONGEST = np.array([BY_NAME[name].kind.longest for name in TEXTS])
_IS_NULLABLE = np.array([BY_NAME[name].is_nullable for name in TEXTS])
_IS_SYMBOL = np.array([BY_NAME[name].kind is SYMBOL for name in TEXTS])
_IS_SIDE = np.array([BY_NAME[name].kind is SIDE for name in TEXTS])
_IS_POSITIVE = np.array([BY_NAME[name].kind is VOLUME for name in AMOUNTS])
_USUAL = np.array([BY_NAME[name].default for name in FLAGS], np.bool_)

_BYTES = np.arange(256)
_IS_DIGIT = np.isin(_BYTES, list(b"0123456789"))
_IN_SYMBOL = _IS_DIGIT | np.isin(_BYTES, list(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ./_&^=:+-"))
_IN_TEXT = (ord(" ") <= _BYTES) & (ord("~") >= _BYTES) & ~np.isin(_BYTES, list(b'"\\'))
_IS_BLANK = np.isin(_BYTES, list(b" \n\t\r"))
_QUOTE, _POINT, _ZERO, _MINUS, _Z = ord('"'), ord("."), ord("0"), ord("-"), ord("Z")
_OPEN, _CLOSE, _COLON, _COMMA = ord("{"), ord("}"), ord(":"), ord(",")

_SHAPE = np.frombuffer(b"0000-00-00T00:00:00", np.uint8)
_SHORTEST = len(_SHAPE)
_UTC = np.frombuffer(b"+00:00", np.uint8)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = (EARLIEST - _EPOCH).days * 86_400_000_000
_END = (LATEST - _EPOCH).days * 86_400_000_000
_MONTH_DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_SCALE = 10 ** np.arange(MAX_DECIMALS, -1, -1)
# By the number of decimals, the largest digits whose units fit 63 bits.
_MOST = (2**63 - 1) // _SCALE
_HALF, _LOW_HALF = 32, 0xFFFF_FFFF

Bytes = NDArray[np.uint8]


class Found(NamedTuple):
    """The content of `n` messages.

    Args:
        plain: which of them are plain; the rest of a row is undefined if it is not. Shape (n,).
        positions: start and end of each of `TEXTS` in the bytes, shape (n, TEXTS, 2); both zero if it is
            absent or null.
        times: each of `TIMES` in microseconds since 1970, shape (n, TIMES).
        amounts: each of `AMOUNTS` in units of 10^-12, as the low and the high half of 128 bits, shape
            (n, AMOUNTS, 2).
        flags: each of `FLAGS`, shape (n, FLAGS); its default if it is absent.
    """

    plain: NDArray[np.bool_]
    positions: NDArray[np.int64]
    times: NDArray[np.int64]
    amounts: NDArray[np.int64]
    flags: NDArray[np.bool_]


def scan(text: Bytes, ends: NDArray[np.int64]) -> Found:
    """Read concatenated messages.

    Args:
        text: their bytes.
        ends: where each ends in `text`, shape (n,).
    """
    count = len(ends)
    found = Found(
        np.empty(count, np.bool_),
        np.zeros((count, len(TEXTS), 2), np.int64),
        np.empty((count, len(TIMES)), np.int64),
        np.empty((count, len(AMOUNTS), 2), np.int64),
        np.tile(_USUAL, (count, 1)),
    )
    _scan(text, ends, found)
    return found


@compiled
def _scan(text: Bytes, ends: NDArray[np.int64], found: Found) -> None:
    begin = 0
    for row in range(len(ends)):
        end = ends[row]
        is_fit = 0 < end - begin <= MAX_MESSAGE_BYTES
        found.plain[row] = is_fit and _read(text, begin, end - 1, row, found)
        begin = end


@compiled
def _read(text: Bytes, at: int, last: int, row: int, found: Found) -> bool:
    """Read one message from its opening to its closing brace; nothing after the last one is read."""
    seen = 0
    if text[at] != _OPEN or text[last] != _CLOSE:
        return False
    while True:
        name = _blank(text, at + 1)
        name_end = _text_end(text, name, last)
        if name_end < 0:
            return False
        at = _blank(text, name_end + 1)
        field = _field(text, name + 1, name_end)
        if text[at] != _COLON or (seen & (1 << field) and field != _OTHER):
            return False
        seen |= 1 << field
        at = _value(text, _blank(text, at + 1), last, field, row, found)
        if at < 0:
            return False
        at = _blank(text, at)
        if text[at] != _COMMA:
            return at == last and seen & _REQUIRED == _REQUIRED


@compiled
def _value(  # noqa: PLR0911 - one for each kind of field
    text: Bytes, at: int, last: int, field: int, row: int, found: Found
) -> int:
    """Read the value of a field and return where it ends, or a negative number if it is not plain."""
    if _FIRST_AMOUNT <= field < _FIRST_FLAG:
        end, low, high = _amount(text, at)
        found.amounts[row, field - _FIRST_AMOUNT, 0] = low
        found.amounts[row, field - _FIRST_AMOUNT, 1] = high
        return -1 if _IS_POSITIVE[field - _FIRST_AMOUNT] and (high < 0 or low == high == 0) else end
    if _FIRST_FLAG <= field < _OTHER:
        is_true = _is(text, at, last, _TRUE)
        found.flags[row, field - _FIRST_FLAG] = is_true
        return at + 4 if is_true else at + 5 if _is(text, at, last, _FALSE) else -1
    end = _text_end(text, at, last)
    if _FIRST_TIME <= field < _FIRST_AMOUNT:
        time = _time(text, at + 1, end) if end > 0 else -1
        found.times[row, field - _FIRST_TIME] = time
        return end + 1 if time >= 0 else -1
    if field == _OTHER:
        return end + 1 if end > 0 else _scalar_end(text, at)
    if end < 0:
        return at + 4 if _IS_NULLABLE[field] and _is(text, at, last, _NULL) else -1
    if not _is_name(text, at + 1, end, field):
        return -1
    found.positions[row, field, 0], found.positions[row, field, 1] = at + 1, end
    return end + 1


@compiled
def _blank(text: Bytes, at: int) -> int:
    """Return the position of the first non-blank byte from `at` on; a message's last byte is not blank."""
    while _IS_BLANK[text[at]]:
        at += 1
    return at


@compiled
def _text_end(text: Bytes, at: int, last: int) -> int:
    """Return the position of the quote that ends the text beginning at `at`, negative if there is none."""
    if text[at] != _QUOTE:
        return -1
    at += 1
    while _IN_TEXT[text[at]] and at < last:
        at += 1
    return at if text[at] == _QUOTE else -1


@compiled
def _field(text: Bytes, begin: int, end: int) -> int:
    for field in range(_OTHER):
        if _is(text, begin, end, _NAME_PLACES[field]) and end - begin == _NAME_LENGTHS[field]:
            return field
    return _OTHER


@compiled
def _is(text: Bytes, begin: int, end: int, word: tuple[int, int]) -> bool:
    """Return whether a word lies between two positions, or begins there."""
    length = word[1] - word[0]
    if end - begin < length:
        return False
    for step in range(length):
        if text[begin + step] != _LETTERS[word[0] + step]:
            return False
    return True


@compiled
def _is_name(text: Bytes, begin: int, end: int, field: int) -> bool:
    if not 0 < end - begin <= _LONGEST[field]:
        return False
    if _IS_SIDE[field]:
        length = end - begin
        return _is(text, begin, end, _BUY if length == len(b"BUY") else _SELL) and length <= len(b"SELL")
    if _IS_SYMBOL[field]:
        for place in range(begin, end):
            if not _IN_SYMBOL[text[place]]:
                return False
    return True


@compiled
def _scalar_end(text: Bytes, at: int) -> int:
    """Return where an unused number or word ends, or a negative number if it may not be one."""
    for word in (_NULL, _TRUE, _FALSE):
        end = at + word[1] - word[0]
        if end < len(text) and _is(text, at, end, word):
            return int(end)
    return _amount(text, at)[0]


@compiled
def _amount(text: Bytes, at: int) -> tuple[int, int, int]:
    """Read a number; return where it ends, and its value in units of 10^-12 as two halves of 128 bits.

    The end is negative if the number is not plain.
    """
    is_negative = text[at] == _MINUS
    begin = at + 1 if is_negative else at
    at, digits = begin, 0
    while _IS_DIGIT[text[at]] and at - begin <= MAX_DIGITS:
        digits = digits * 10 + (text[at] - _ZERO)
        at += 1
    whole, decimals = at - begin, 0
    if not 0 < whole <= MAX_DIGITS or (text[begin] == _ZERO and whole > 1):
        return -1, 0, 0
    if text[at] == _POINT:
        whole -= text[begin] == _ZERO
        at += 1
        begin = at
        while _IS_DIGIT[text[at]] and at - begin <= MAX_DECIMALS:
            digits = digits * 10 + (text[at] - _ZERO)
            at += 1
        decimals = at - begin
        if not 0 < decimals <= min(MAX_DECIMALS, MAX_DIGITS - whole):
            return -1, 0, 0
    low, high = _product(digits, decimals)
    return (at, -low, ~high + (low == 0)) if is_negative else (at, low, high)


@compiled
def _product(digits: int, decimals: int) -> tuple[int, int]:
    """Return a number of these digits in units of 10^-12."""
    scale = _SCALE[decimals]
    if digits <= _MOST[decimals]:
        return digits * scale, 0
    half, low_half = np.uint64(_HALF), np.uint64(_LOW_HALF)
    one_low, one_high = np.uint64(digits) & low_half, np.uint64(digits) >> half
    two_low, two_high = np.uint64(scale) & low_half, np.uint64(scale) >> half
    low, across, other = one_low * two_low, one_low * two_high, one_high * two_low
    middle = (low >> half) + (across & low_half) + (other & low_half)
    high = one_high * two_high + (across >> half) + (other >> half) + (middle >> half)
    return int(np.int64((low & low_half) | (middle << half))), int(np.int64(high))


@compiled
def _time(text: Bytes, at: int, end: int) -> int:
    """Read `YYYY-MM-DDThh:mm:ss[.ffffff]Z`, or +00:00 for the Z.

    Returns microseconds since 1970, negative if it is not such a time, or out of range.
    """
    zone = end - 1 if text[end - 1] == _Z else end - len(_UTC)
    if zone != at + _SHORTEST and not at + _SHORTEST + 1 < zone <= at + _SHORTEST + 7:
        return -1
    if not _is_shaped(text, at, zone):
        return -1
    year, month, day = (
        _number(text, at, at + 4),
        _number(text, at + 5, at + 7),
        _number(text, at + 8, at + 10),
    )
    hour, minute = _number(text, at + 11, at + 13), _number(text, at + 14, at + 16)
    second, micros = _number(text, at + 17, at + 19), _micros(text, at + _SHORTEST + 1, zone)
    if min(year, hour, minute, second, micros) < 0 or hour > 23 or minute > 59 or second > 59:
        return -1
    if not (1 <= month <= 12 and 1 <= day <= _days_in(year, month)):
        return -1
    seconds = (_day_number(year, month, day) * 24 + hour) * 3600 + minute * 60 + second
    time = seconds * 1_000_000 + micros
    return time if _FIRST <= time < _END else -1


@compiled
def _is_shaped(text: Bytes, at: int, zone: int) -> bool:
    for step in range(_SHORTEST):
        if _SHAPE[step] != _ZERO and text[at + step] != _SHAPE[step]:
            return False
    for step in range(len(_UTC)):
        if text[zone] != _Z and text[zone + step] != _UTC[step]:
            return False
    return zone == at + _SHORTEST or text[at + _SHORTEST] == _POINT


@compiled
def _micros(text: Bytes, begin: int, end: int) -> int:
    """Return the value of the digits after the point in microseconds; no digits mean zero."""
    micros = _number(text, begin, end)
    for _ in range(6 - max(end - begin, 0)):
        micros *= 10
    return micros


@compiled
def _number(text: Bytes, begin: int, end: int) -> int:
    """Return the number that digits form, negative if they are not all digits."""
    number = 0
    for place in range(begin, end):
        if not _IS_DIGIT[text[place]]:
            return -1
        number = number * 10 + (text[place] - _ZERO)
    return number


@compiled
def _days_in(year: int, month: int) -> int:
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return int(_MONTH_DAYS[month - 1]) + (1 if month == 2 and is_leap else 0)


@compiled
def _day_number(year: int, month: int, day: int) -> int:
    """Return the days since 1970 in the Gregorian calendar, with years counted from March (Zeller)."""
    year -= month <= 2
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return 365 * year + year // 4 - year // 100 + year // 400 + of_year - 719_468


@compiled
def gather(text: Bytes, positions: NDArray[np.int64]) -> tuple[NDArray[np.int32], Bytes]:
    """Return the texts at these positions concatenated: the offsets of each, and the bytes.

    Args:
        text: the bytes that the positions refer to.
        positions: start and end of each, shape (n, 2).

    Returns:
        Offsets of shape (n + 1,), and the bytes.
    """
    offsets = np.zeros(len(positions) + 1, np.int32)
    for row in range(len(positions)):
        offsets[row + 1] = offsets[row] + positions[row, 1] - positions[row, 0]
    gathered = np.empty(offsets[-1], np.uint8)
    for row in range(len(positions)):
        begin, to = positions[row, 0], offsets[row]
        for step in range(offsets[row + 1] - to):
            gathered[to + step] = text[begin + step]
    return offsets, gathered

"""A trade and its JSON codec: the contract of the messages.

>>> trade = decode(b'{"trade_id":"7","timestamp":"2026-11-23T10:00:00.5Z","symbol":"AAPL",'
...                b'"price":187.12,"volume":120,"trade_type":"BUY"}')
>>> trade.price, trade.source, trade.anomaly
(Decimal('187.12'), 'unknown', None)
>>> decode(encode(trade)) == trade
True
"""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NoReturn

import msgspec
from msgspec.structs import asdict, replace

from stockstream.errors import BadTradeError
from stockstream.market.trade.schema import (
    AMOUNTS,
    BY_NAME,
    FIELDS,
    MAX_DECIMALS,
    MAX_DIGITS,
    TIMES,
    VOLUME,
    Trade,
)

MAX_MESSAGE_BYTES = 65_536
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)

SPAN_RULE = f"a time from {EARLIEST:%Y} to {LATEST:%Y}"
DIGITS_RULE = f"at most {MAX_DIGITS} digits, {MAX_DECIMALS} of them after the point"
MOST_SHOWN = 60

_NUMBER = re.compile(rb"-?\d+(\.\d+)?([eE][+-]?\d{1,3})?")


# The message as it arrives; numbers stay bytes, so that none passes through a float.
_Wire = msgspec.defstruct(
    "_Wire",
    [(field.name, msgspec.Raw if field.name in AMOUNTS else field.type, field.default) for field in FIELDS],
    frozen=True,
    kw_only=True,
)
_QUOTED = [f'"{name}"'.encode() for name in BY_NAME]
_PATTERNS = {field.name: re.compile(field.kind.pattern) for field in FIELDS if field.kind.is_text}
# The maximum length of a number that is cached; longer ones are read too.
_SHORT = 40

_wire = msgspec.json.Decoder(_Wire)
_raw = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encoder = msgspec.json.Encoder(decimal_format="number")
# What most trades have in the fields that are left out then.
_USUAL = b',"conditions":null,"updates_last":true,"side_inferred":false,"corrects":null,"cancels":false'


def encode(trade: Trade) -> bytes:
    """Return the message of a trade: one JSON object in UTF-8."""
    # A text cannot contain this: its quotes are escaped.
    return _encoder.encode(trade).replace(_USUAL, b"", 1)


def decode(message: bytes | None) -> Trade:
    """Return the trade of a message.

    Raises:
        BadTradeError: the message breaks the contract; the reason names the field.
    """
    wire = _parse(message)
    if _may_repeat_a_field(message or b""):
        _refuse_repeated_fields(message or b"")
    exact = {name: _amount(name, bytes(getattr(wire, name))) for name in AMOUNTS}
    times = {name: _event_time(name, getattr(wire, name)) for name in TIMES}
    return Trade(**asdict(wire) | exact | times)


def validated(trade: Trade) -> Trade:
    """Return a trade that follows the contract, its amounts without trailing zeros.

    Raises:
        BadTradeError: it breaks the contract; the reason names the field.
    """
    for name, pattern in _PATTERNS.items():
        value = getattr(trade, name)
        if not (pattern.fullmatch(value) if isinstance(value, str) else BY_NAME[name].is_nullable):
            refuse(name, repr(value))
    exact = {name: _amount(name, str(getattr(trade, name)).encode()) for name in AMOUNTS}
    times = {name: _event_time(name, getattr(trade, name)) for name in TIMES}
    return replace(trade, **exact, **times)


def refuse(field: str, value: str, rule: str = "") -> NoReturn:
    """Reject a field's value, naming the field, the value as written, and the rule.

    Raises:
        BadTradeError: always.
    """
    shown = value if len(value) <= MOST_SHOWN else f"{value[:MOST_SHOWN]}…"
    raise BadTradeError(reason=f"{field} {shown}: needs {rule or BY_NAME[field].rule}") from None


def _parse(message: bytes | None) -> msgspec.Struct:
    if not message:
        raise BadTradeError(reason="message is empty")
    if len(message) > MAX_MESSAGE_BYTES:
        raise BadTradeError(reason=f"message has {len(message):,} bytes, at most {MAX_MESSAGE_BYTES:,}")
    try:
        # The decoder skips unknown fields unread: check that the whole message is UTF-8.
        message.isascii() or message.decode()
        return _read(message)
    except UnicodeDecodeError as exc:
        raise BadTradeError(reason=f"message is not UTF-8 (byte {exc.start})") from exc
    except msgspec.DecodeError as exc:
        raise BadTradeError(reason=f"message is not JSON: {exc}") from exc
    except RecursionError as exc:
        raise BadTradeError(reason="message is nested too deep") from exc


def _read(message: bytes) -> msgspec.Struct:
    try:
        return _wire.decode(message)
    except msgspec.ValidationError as exc:
        _refuse_first_fault(message)
        raise BadTradeError(reason=f"message is refused: {exc}") from exc


def _refuse_first_fault(message: bytes) -> None:
    """Find the field that keeps a message from being a trade, and raise an error that names it."""
    try:
        fields = _raw.decode(message)
    except msgspec.ValidationError:
        names = ", ".join(sorted(field.name for field in FIELDS if field.is_required))
        raise BadTradeError(reason=f"message is not an object with the fields {names}") from None
    for field in FIELDS:
        if field.name not in fields:
            if field.is_required:
                raise BadTradeError(reason=f"{field.name} is missing: needs {field.rule}") from None
        elif field.name not in AMOUNTS and not _is(field.type, fields[field.name]):
            refuse(field.name, bytes(fields[field.name]).decode())


def _is(kind: Any, text: msgspec.Raw) -> bool:  # noqa: ANN401 - any type that msgspec reads
    try:
        msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError:
        return False
    return True


def _may_repeat_a_field(message: bytes) -> bool:
    r"""Return whether a closer check is needed, at little cost: a name may also be written as pric\u0065."""
    return b"\\" in message or any(message.count(name) > 1 for name in _QUOTED)


def _refuse_repeated_fields(message: bytes) -> None:
    """Reject an object that has a field twice: readers differ in which one they take."""
    try:
        # Inner objects come first, the message's own last. Numbers stay text: they may have any length.
        pairs = _objects(message)[-1]
    except RecursionError as exc:
        raise BadTradeError(reason="message is nested too deep") from exc
    names = [name for name, _ in pairs if name in BY_NAME]
    for name in BY_NAME:
        if names.count(name) > 1:
            raise BadTradeError(reason=f"{name} is there {names.count(name)} times")


def _objects(message: bytes) -> list[list[tuple[str, object]]]:
    found: list[list[tuple[str, object]]] = []
    json.loads(message, object_pairs_hook=found.append, parse_int=str, parse_float=str)
    return found


def _event_time(field: str, moment: datetime) -> datetime:
    if not EARLIEST <= moment < LATEST:
        refuse(field, moment.isoformat(), SPAN_RULE)
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


def _amount(field: str, text: bytes) -> Decimal:
    return _short_amount(field, text) if len(text) <= _SHORT else _exact(field, text)


def _exact(field: str, text: bytes) -> Decimal:
    if not _NUMBER.fullmatch(text):
        refuse(field, text.decode())
    amount = _without_idle_zeros(Decimal(text.decode()))
    if amount <= 0 and BY_NAME[field].kind is VOLUME:
        refuse(field, text.decode())
    if not _has_room(amount):
        refuse(field, text.decode(), DIGITS_RULE)
    return amount


# A market's prices and volumes recur: most are checked and created once.
_short_amount = lru_cache(maxsize=65_536)(_exact)


def _without_idle_zeros(amount: Decimal) -> Decimal:
    """Return the same value without trailing zeros in its decimals: digits count by value."""
    sign, digits, exponent = amount.as_tuple()
    decimals = -int(exponent)
    if decimals <= 0 or digits[-1]:
        return amount
    idle = len(digits) - len(bytes(digits).rstrip(b"\0"))
    spare = min(idle, decimals, len(digits) - 1)
    return Decimal((sign, digits[: len(digits) - spare], spare - decimals))


def _has_room(amount: Decimal) -> bool:
    """Return whether an amount has no more digits than are stored."""
    _, digits, exponent = amount.as_tuple()
    decimals = max(-int(exponent), 0)
    whole = max(len(digits) + int(exponent), 0)
    return decimals <= MAX_DECIMALS and whole + decimals <= MAX_DIGITS

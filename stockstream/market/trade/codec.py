"""A trade and its JSON codec: the contract on the wire.

>>> trade = decode(b'{"trade_id":"7","timestamp":"2026-11-23T10:00:00.5Z","symbol":"AAPL",'
...                b'"price":187.12,"volume":120,"trade_type":"BUY"}')
>>> trade.price, trade.source, trade.anomaly
(Decimal('187.12'), 'unknown', None)
>>> decode(encode(trade)) == trade
True
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Literal, NoReturn

import msgspec
from msgspec.structs import replace

from stockstream.errors import BadTradeError

MAX_MESSAGE_BYTES = 65_536
MAX_DIGITS = 18
MAX_DECIMALS = 8
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
DEFAULT_SOURCE = "unknown"

# A NUL cannot be stored by PostgreSQL; other control characters have no place in a name.
NAME_PATTERN, SYMBOL_PATTERN = r"\A[^\x00-\x1f\x7f]{1,64}\Z", r"\A[A-Z0-9./_-]{1,20}\Z"
Name = Annotated[str, msgspec.Meta(pattern=NAME_PATTERN)]
Symbol = Annotated[str, msgspec.Meta(pattern=SYMBOL_PATTERN)]
Time = Annotated[datetime, msgspec.Meta(tz=True)]
Side = Literal["BUY", "SELL"]

# The rule of each field in words, as a refusal gives it.
NAME_RULE = "1 to 64 characters, no control characters"
RULES: Mapping[str, str] = {
    "trade_id": NAME_RULE,
    "timestamp": "a time with its offset, such as 2026-01-31T14:30:00Z",
    "symbol": "1 to 20 of A-Z 0-9 . - / _",
    "price": "a number above zero",
    "volume": "a number above zero",
    "trade_type": "BUY or SELL",
    "source": NAME_RULE,
    "anomaly": f"{NAME_RULE}, or null",
}
SPAN_RULE = f"a time from {EARLIEST:%Y} to {LATEST:%Y}"
DIGITS_RULE = f"at most {MAX_DIGITS} digits, {MAX_DECIMALS} of them after the point"
MOST_SHOWN = 60

_NUMBER = re.compile(rb"-?\d+(\.\d+)?([eE][+-]?\d{1,3})?")


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """One trade, as it happened at its venue; `timestamp` is event time in UTC."""

    trade_id: str
    timestamp: datetime
    symbol: str
    price: Decimal
    volume: Decimal
    trade_type: Side
    source: str = DEFAULT_SOURCE
    anomaly: str | None = None


class _Wire(msgspec.Struct, frozen=True):
    """The message as it arrives; numbers stay bytes, so that none passes through a float."""

    trade_id: Name
    timestamp: Time
    symbol: Symbol
    price: msgspec.Raw
    volume: msgspec.Raw
    trade_type: Side
    source: Name = DEFAULT_SOURCE
    anomaly: Name | None = None


FIELDS = frozenset(_Wire.__struct_fields__)
_QUOTED = [f'"{name}"'.encode() for name in _Wire.__struct_fields__]
# The text of a number as markets write it; a longer one is read too, but not remembered.
_SHORT = 40

_TYPES = {field.name: field.type for field in msgspec.structs.fields(_Wire)}
_REQUIRED = {field.name for field in msgspec.structs.fields(_Wire) if field.required}
_PATTERNS = {name: re.compile(NAME_PATTERN) for name in ("trade_id", "source")} | {
    "symbol": re.compile(SYMBOL_PATTERN)
}

_wire = msgspec.json.Decoder(_Wire)
_raw = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encoder = msgspec.json.Encoder(decimal_format="number")


def encode(trade: Trade) -> bytes:
    """Return the message of a trade: one JSON object in UTF-8."""
    return _encoder.encode(trade)


def decode(message: bytes | None) -> Trade:
    """Return the trade of a message.

    Raises:
        BadTradeError: the message breaks the contract; the reason names the field.
    """
    wire = _parse(message)
    if _may_repeat_a_field(message or b""):
        _refuse_repeated_fields(message or b"")
    return Trade(
        trade_id=wire.trade_id,
        timestamp=_event_time(wire.timestamp),
        symbol=wire.symbol,
        price=_amount("price", bytes(wire.price)),
        volume=_amount("volume", bytes(wire.volume)),
        trade_type=wire.trade_type,
        source=wire.source,
        anomaly=wire.anomaly,
    )


def validated(trade: Trade) -> Trade:
    """Return a trade that keeps the contract, its amounts without idle zeros.

    Raises:
        BadTradeError: it breaks the contract; the reason names the field.
    """
    for name, pattern in _PATTERNS.items():
        if not pattern.fullmatch(getattr(trade, name)):
            refuse(name, repr(getattr(trade, name)))
    if trade.anomaly is not None and not _PATTERNS["source"].fullmatch(trade.anomaly):
        refuse("anomaly", repr(trade.anomaly))
    return replace(
        trade,
        timestamp=_event_time(trade.timestamp),
        price=_amount("price", str(trade.price).encode()),
        volume=_amount("volume", str(trade.volume).encode()),
    )


def refuse(field: str, value: str, rule: str = "") -> NoReturn:
    """Refuse a field's value: say the field, the value as it was written, and the rule in words.

    Raises:
        BadTradeError: always.
    """
    shown = value if len(value) <= MOST_SHOWN else f"{value[:MOST_SHOWN]}…"
    raise BadTradeError(reason=f"{field} {shown}: needs {rule or RULES[field]}") from None


def _parse(message: bytes | None) -> _Wire:
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


def _read(message: bytes) -> _Wire:
    try:
        return _wire.decode(message)
    except msgspec.ValidationError as exc:
        _refuse_first_fault(message)
        raise BadTradeError(reason=f"message is refused: {exc}") from exc


def _refuse_first_fault(message: bytes) -> None:
    """Find the field that keeps a message from being a trade, and say so in words."""
    try:
        fields = _raw.decode(message)
    except msgspec.ValidationError:
        names = ", ".join(sorted(_REQUIRED))
        raise BadTradeError(reason=f"message is not an object with the fields {names}") from None
    for name, kind in _TYPES.items():
        if name not in fields:
            if name in _REQUIRED:
                raise BadTradeError(reason=f"{name} is missing: needs {RULES[name]}") from None
        elif not _is(kind, fields[name]):
            refuse(name, bytes(fields[name]).decode())


def _is(kind: Any, text: msgspec.Raw) -> bool:  # noqa: ANN401 - any type that msgspec reads
    try:
        msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError:
        return False
    return True


def _may_repeat_a_field(message: bytes) -> bool:
    r"""Tell at little cost whether a closer look is due: a name may also be written as pric\u0065."""
    return b"\\" in message or any(message.count(name) > 1 for name in _QUOTED)


def _refuse_repeated_fields(message: bytes) -> None:
    """Refuse an object that has a field twice: readers differ in which one they take."""
    try:
        # Objects inside come first, the message's own last. Numbers stay text: they may have any length.
        pairs = _objects(message)[-1]
    except RecursionError as exc:
        raise BadTradeError(reason="message is nested too deep") from exc
    names = [name for name, _ in pairs if name in FIELDS]
    for name in FIELDS:
        if names.count(name) > 1:
            raise BadTradeError(reason=f"{name} is there {names.count(name)} times")


def _objects(message: bytes) -> list[list[tuple[str, object]]]:
    found: list[list[tuple[str, object]]] = []
    json.loads(message, object_pairs_hook=found.append, parse_int=str, parse_float=str)
    return found


def _event_time(moment: datetime) -> datetime:
    if not EARLIEST <= moment < LATEST:
        refuse("timestamp", moment.isoformat(), SPAN_RULE)
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


def _amount(field: str, text: bytes) -> Decimal:
    return _short_amount(field, text) if len(text) <= _SHORT else _exact(field, text)


def _exact(field: str, text: bytes) -> Decimal:
    if not _NUMBER.fullmatch(text):
        refuse(field, text.decode())
    amount = _without_idle_zeros(Decimal(text.decode()))
    if amount <= 0:
        refuse(field, text.decode())
    if not _has_room(amount):
        refuse(field, text.decode(), DIGITS_RULE)
    return amount


# A market's prices and volumes come again and again: most are checked and made once.
_short_amount = lru_cache(maxsize=65_536)(_exact)


def _without_idle_zeros(amount: Decimal) -> Decimal:
    """Return the same value with no zero at the end of its decimals: digits count by value."""
    sign, digits, exponent = amount.as_tuple()
    decimals = -int(exponent)
    if decimals <= 0 or digits[-1]:
        return amount
    idle = len(digits) - len(bytes(digits).rstrip(b"\0"))
    spare = min(idle, decimals, len(digits) - 1)
    return Decimal((sign, digits[: len(digits) - spare], spare - decimals))


def _has_room(amount: Decimal) -> bool:
    """Tell whether an amount has no more digits than are kept."""
    _, digits, exponent = amount.as_tuple()
    decimals = max(-int(exponent), 0)
    whole = max(len(digits) + int(exponent), 0)
    return decimals <= MAX_DECIMALS and whole + decimals <= MAX_DIGITS

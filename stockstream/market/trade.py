"""A trade and its JSON codec: the contract on the wire.

>>> trade = decode(b'{"trade_id":"7","timestamp":"2026-11-23T10:00:00.5Z","symbol":"AAPL",'
...                b'"price":187.12,"volume":120,"trade_type":"BUY"}')
>>> trade.price, trade.source, trade.anomaly
(Decimal('187.12'), 'unknown', None)
>>> decode(encode(trade)) == trade
True
"""

import re
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Literal

import msgspec

from stockstream.errors import BadTradeError

MAX_MESSAGE_BYTES = 65_536
MAX_DIGITS = 18
MAX_DECIMALS = 8
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
DEFAULT_SOURCE = "unknown"

# A NUL cannot be stored by PostgreSQL; other control characters have no place in a name.
NO_CONTROL = r"\A[^\x00-\x1f\x7f]*\Z"
TradeId = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=NO_CONTROL)]
Symbol = Annotated[str, msgspec.Meta(pattern=r"\A[A-Z0-9./_-]{1,20}\Z")]
Label = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=NO_CONTROL)]
Time = Annotated[datetime, msgspec.Meta(tz=True)]
Side = Literal["BUY", "SELL"]

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

    trade_id: TradeId
    timestamp: Time
    symbol: Symbol
    price: msgspec.Raw
    volume: msgspec.Raw
    trade_type: Side
    source: Label = DEFAULT_SOURCE
    anomaly: Label | None = None


_wire = msgspec.json.Decoder(_Wire)
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


def _parse(message: bytes | None) -> _Wire:
    if not message:
        raise BadTradeError(reason="message is empty")
    if len(message) > MAX_MESSAGE_BYTES:
        raise BadTradeError(reason=f"message has {len(message):,} bytes, at most {MAX_MESSAGE_BYTES:,}")
    try:
        # The decoder skips unknown fields unread: check that the whole message is UTF-8.
        message.isascii() or message.decode()
        return _wire.decode(message)
    except msgspec.ValidationError as exc:
        raise BadTradeError(reason=str(exc)) from exc
    except UnicodeDecodeError as exc:
        raise BadTradeError(reason=f"message is not UTF-8 (byte {exc.start})") from exc
    except msgspec.DecodeError as exc:
        raise BadTradeError(reason=f"message is not JSON: {exc}") from exc
    except RecursionError as exc:
        raise BadTradeError(reason="message is nested too deep") from exc


def _event_time(moment: datetime) -> datetime:
    if not EARLIEST <= moment < LATEST:
        raise BadTradeError(reason=f"timestamp {moment.isoformat()} is not from {EARLIEST:%Y} to {LATEST:%Y}")
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


# A market's prices and volumes come again and again: most are checked and made once.
@lru_cache(maxsize=65_536)
def _amount(field: str, text: bytes) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise BadTradeError(reason=f"{field} is not a number")
    amount = Decimal(text.decode())
    if amount <= 0:
        raise BadTradeError(reason=f"{field} is not above zero")
    _check_digits(field, amount)
    return amount


def _check_digits(field: str, amount: Decimal) -> None:
    _, digits, exponent = amount.as_tuple()
    exponent = int(exponent)
    decimals = max(-exponent, 0)
    whole = max(len(digits) + exponent, 0)
    if decimals > MAX_DECIMALS or whole + decimals > MAX_DIGITS:
        found = f"{whole} digits before the point and {decimals} after it"
        allowed = f"at most {MAX_DIGITS} in all and {MAX_DECIMALS} after the point"
        raise BadTradeError(reason=f"{field} has {found}, {allowed}")

"""The fields of a trade, declared once.

From `Trade` follow the readers of messages (`codec`, `scanner`), the Arrow schema (`columns`), the rows of a
COPY and the column lists of statements. A new field needs a line here, a column in a migration, and the code
that sets its value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal, NamedTuple, get_args

import msgspec

MAX_DIGITS = 18
MAX_DECIMALS = 12
DEFAULT_SOURCE = "unknown"


@dataclass(frozen=True)
class Kind:
    """What the values of a field have in common.

    Attributes:
        rule: what a value must be, in words, as used in refusals.
        pattern: the pattern that a text matches.
        longest: the length of the longest text, in bytes if it is ASCII.
    """

    rule: str
    pattern: str = ""
    longest: int = 0

    @property
    def is_text(self) -> bool:
        """Whether its values are texts."""
        return self.longest > 0


# A NUL cannot be stored by PostgreSQL; other control characters do not belong in a name.
NAME = Kind("1 to 64 characters, no control characters", r"\A[^\x00-\x1f\x7f]{1,64}\Z", 64)
SYMBOL = Kind("1 to 32 of A-Z 0-9 . - / _ & ^ = : +", r"\A[A-Z0-9./_&^=:+-]{1,32}\Z", 32)
SIDE = Kind("BUY or SELL", r"\A(BUY|SELL)\Z", 4)
TIME = Kind("a time with its offset, such as 2026-01-31T14:30:00Z")
PRICE = Kind("a number")
VOLUME = Kind("a number above zero")
FLAG = Kind("true or false")

Name = Annotated[str, NAME, msgspec.Meta(pattern=NAME.pattern)]
Symbol = Annotated[str, SYMBOL, msgspec.Meta(pattern=SYMBOL.pattern)]
Side = Literal["BUY", "SELL"]
# A side as a number, where trades are columns.
BUY, SELL, UNKNOWN = 1, -1, 0
SIDES: Mapping[Side | None, int] = {"BUY": BUY, "SELL": SELL, None: UNKNOWN}
Time = Annotated[datetime, TIME, msgspec.Meta(tz=True)]
Price = Annotated[Decimal, PRICE]
Volume = Annotated[Decimal, VOLUME]
Flag = Annotated[bool, FLAG]


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """One trade, as it happened at its venue.

    Attributes:
        trade_id: unique within the source and symbol.
        timestamp: event time, in UTC.
        price: of one share, coin or contract; zero and below occur in futures and spreads.
        volume: how many changed hands.
        trade_type: the side of the taker; None where the venue does not say it.
        conditions: the codes of the venue, as it gives them.
        updates_last: whether the trade moves the last price, and so open, high, low and close of a candle.
        side_inferred: whether `trade_type` comes from a rule and not from the venue.
        corrects: the trade_id of the trade of the same source and symbol that this one corrects or cancels.
        cancels: whether the trade that `corrects` names did not happen after all.
    """

    trade_id: Name
    timestamp: Time
    symbol: Symbol
    price: Price
    volume: Volume
    trade_type: Annotated[Side, SIDE] | None
    conditions: Name | None = None
    updates_last: Flag = True
    side_inferred: Flag = False
    corrects: Name | None = None
    cancels: Flag = False
    source: Name = DEFAULT_SOURCE
    anomaly: Name | None = None


class Field(NamedTuple):
    """A field of a trade.

    Attributes:
        type: the annotated Python type of its values.
        default: its value if a message lacks it; `msgspec.NODEFAULT` if that is not allowed.
    """

    name: str
    kind: Kind
    type: object
    default: object

    @property
    def is_required(self) -> bool:
        """Whether every message has it."""
        return self.default is msgspec.NODEFAULT

    @property
    def is_nullable(self) -> bool:
        """Whether its value may be null."""
        return type(None) in get_args(self.type)

    @property
    def rule(self) -> str:
        """What a value must be, in words."""
        return f"{self.kind.rule}, or null" if self.is_nullable else self.kind.rule


def _kind(annotated: object) -> Kind:
    """Return the kind in a type's annotations; that of the first type of a union."""
    found = next((each for each in getattr(annotated, "__metadata__", ()) if isinstance(each, Kind)), None)
    return found or _kind(get_args(annotated)[0])


FIELDS = tuple(
    Field(each.name, _kind(each.type), each.type, each.default) for each in msgspec.structs.fields(Trade)
)
BY_NAME = {field.name: field for field in FIELDS}
# The fields by how they are read and written, each group in the order of the contract.
TEXTS = [field.name for field in FIELDS if field.kind.is_text]
TIMES = [field.name for field in FIELDS if field.kind is TIME]
AMOUNTS = [field.name for field in FIELDS if field.kind in (PRICE, VOLUME)]
FLAGS = [field.name for field in FIELDS if field.kind is FLAG]

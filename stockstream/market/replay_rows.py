"""A row of somebody's file as a trade: which column is what, and how its words are meant.

>>> found = guess(["Time", "Ticker", "px", "Qty", "side", "venue"], {})
>>> found.told
'timestamp from Time, symbol from Ticker, price from px, volume from Qty, trade_type from side; unused: venue'
>>> made = Reader(found, name="doc").trade(["1700000000.5", "AAPL", "187.12", "10", "b", "X"], 2)
>>> made.timestamp.isoformat(), made.trade_id
('2023-11-14T22:13:20.500000+00:00', 'doc-2')
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from stockstream.errors import BadTradeError, UsageError
from stockstream.market.trade import Side, Trade, decode, encode

SOURCE = "replay"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICRO = timedelta(microseconds=1)
BUYER_MAKES = "is_buyer_maker"
# Names that files give to the fields, best first; compared without case, spaces, '-' and '_'.
NAMES: Mapping[str, tuple[str, ...]] = {
    "trade_id": ("trade_id", "id", "tid", "match_id", "exec_id"),
    "timestamp": ("timestamp", "time", "datetime", "ts", "trade_time", "event_time", "transact_time", "date"),
    "symbol": ("symbol", "ticker", "sym", "pair", "product_id", "instrument", "market"),
    "price": ("price", "px", "trade_price", "rate", "last"),
    "volume": ("volume", "size", "qty", "quantity", "amount", "vol", "shares", "last_size"),
    "trade_type": ("trade_type", "side", "taker_side", "direction", "aggressor_side", "type", BUYER_MAKES),
    "source": ("source", "venue", "exchange"),
    "anomaly": ("anomaly", "label"),
}
# These are taken under their own name alone: another's "exchange" or "label" may mean anything.
OWN_NAME = ("source", "anomaly")
NEEDED = ("timestamp", "price", "volume", "trade_type")
SIDES: Mapping[str, Side] = {"buy": "BUY", "b": "BUY", "sell": "SELL", "s": "SELL"}
MAKER_SIDES: Mapping[str, Side] = {"true": "SELL", "1": "SELL", "false": "BUY", "0": "BUY"}
# Seconds, milliseconds, microseconds and nanoseconds of our time are told apart by size.
SCALES = ((Decimal(10) ** 11, 6), (Decimal(10) ** 14, 3), (Decimal(10) ** 17, 0))
NANOS = -3


@dataclass(frozen=True)
class Columns:
    """Which column has which field.

    Args:
        of: the number of a field's column.
        told: the same in words, and what is not used.
        maker: whether the column of the side tells that the buyer is the maker.
    """

    of: Mapping[str, int]
    told: str
    maker: bool


def guess(header: Sequence[str], asked: Mapping[str, str], symbol: str | None = None) -> Columns:
    """Return which column has which field.

    Args:
        asked: columns by field, as a person named them; the others are guessed by their names.
        symbol: the symbol of all rows, where no column has it.

    Raises:
        UsageError: a needed field has no column, or a named column is not there.
    """
    of: dict[str, int] = {}
    for field, names in NAMES.items():
        wanted = (asked[field],) if field in asked else names[:1] if field in OWN_NAME else names
        number = next((at for name in wanted for at, head in enumerate(header) if _same(head, name)), None)
        if number is not None and number not in of.values():
            of[field] = number
        elif field in asked:
            raise UsageError(what=f"--columns {field}={asked[field]}: the file has {', '.join(header)}")
    missing = [field for field in (*NEEDED, *(() if symbol else ("symbol",))) if field not in of]
    if missing:
        example = f"--columns {missing[0]}=NAME" + (" or --symbols SYMBOL" if missing == ["symbol"] else "")
        raise UsageError(
            what=f"no column for {', '.join(missing)} among {', '.join(header)}; name it with {example}"
        )
    return Columns(of, _told(of, header), maker=_same(header[of["trade_type"]], BUYER_MAKES))


def _told(of: Mapping[str, int], header: Sequence[str]) -> str:
    taken = ", ".join(f"{field} from {header[number]}" for field, number in of.items())
    unused = ", ".join(head for number, head in enumerate(header) if number not in of.values())
    return f"{taken}; unused: {unused}" if unused else taken


def _same(one: str, other: str) -> bool:
    return _bare(one) == _bare(other)


def _bare(name: str) -> str:
    return "".join(letter for letter in name.strip().lower() if letter not in " -_.")


class Reader:
    """Makes trades of rows that have these columns."""

    def __init__(self, columns: Columns, name: str, symbol: str | None = None) -> None:
        """Prepare; `name` makes the ids of a file without ids: the same file gives the same again."""
        self._of = columns.of
        self._sides = MAKER_SIDES if columns.maker else SIDES
        self._name = name
        self._symbol = symbol

    def trade(self, row: Sequence[object], line: int) -> Trade:
        """Return the trade of a row.

        Raises:
            BadTradeError: it is none; the reason names the field.
        """
        cell = {field: row[number] if number < len(row) else None for field, number in self._of.items()}
        side = _text(cell["trade_type"]).lower()
        if side not in self._sides:
            raise BadTradeError(reason=f"trade_type {side!r} is none of {', '.join(self._sides)}")
        made = Trade(
            trade_id=str(cell.get("trade_id") or f"{self._name}-{line}"),
            timestamp=moment(cell["timestamp"]),
            symbol=str(cell.get("symbol") or self._symbol or ""),
            price=_amount("price", cell["price"]),
            volume=_amount("volume", cell["volume"]),
            trade_type=self._sides[side],
            source=str(cell.get("source") or SOURCE),
            anomaly=None if (label := cell.get("anomaly")) in (None, "") else str(label),
        )
        # The contract's own reader says whether it keeps the contract, and leaves out idle zeros.
        return decode(encode(made))


def _amount(field: str, word: object) -> Decimal:
    # A float's shortest text is the number that was meant.
    text = _text(word)
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise BadTradeError(reason=f"{field} {text!r} is not a number") from None
    if not amount.is_finite():
        raise BadTradeError(reason=f"{field} {text!r} is not a number")
    return amount


def _text(word: object) -> str:
    return "" if word is None else str(word).strip()


def moment(word: object) -> datetime:
    """Return the time that a cell means; one without an offset is UTC.

    Raises:
        BadTradeError: it is no time.
    """
    if isinstance(word, datetime):
        return word if word.tzinfo else word.replace(tzinfo=UTC)
    if isinstance(word, date):
        return datetime(word.year, word.month, word.day, tzinfo=UTC)
    text = _text(word)
    try:
        if text.replace(".", "", 1).isdecimal():
            return _of_number(Decimal(text))
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise BadTradeError(reason=f"timestamp {text!r} is not a time") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _of_number(number: Decimal) -> datetime:
    scale = next((scale for below, scale in SCALES if number < below), NANOS)
    return EPOCH + timedelta(microseconds=int(number.scaleb(scale)))

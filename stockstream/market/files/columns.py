"""Which column of a foreign file holds which field.

>>> found = match(["Time", "Ticker", "px", "Qty", "side", "venue"], {})
>>> found.summary
'timestamp from Time, symbol from Ticker, price from px, volume from Qty, trade_type from side; unused: venue'
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from stockstream.errors import UsageError
from stockstream.market.trade.schema import Trade

BUYER_MAKES = ("is_buyer_maker", "buyer_maker")
# Names that files give to the fields, best first; compared without case, spaces and punctuation.
NAMES: Mapping[str, tuple[str, ...]] = {
    "trade_id": ("trade_id", "id", "tid", "match_id", "exec_id"),
    "timestamp": (
        *("timestamp", "time", "datetime", "ts", "trade_time", "event_time", "transact_time"),
        *("created_time", "ts_event", "participant_timestamp", "sip_timestamp", "time_exchange", "date"),
    ),
    "symbol": ("symbol", "ticker", "sym", "pair", "product_id", "instrument", "instrument_name", "market"),
    "price": ("price", "px", "trade_price", "rate", "last"),
    "volume": ("volume", "size", "qty", "quantity", "amount", "vol", "shares", "last_size", "base_amount"),
    "trade_type": (
        *("trade_type", "side", "taker_side", "direction", "aggressor_side", "type", "oper"),
        *BUYER_MAKES,
    ),
    "conditions": ("conditions", "cond", "sale_condition", "trade_conditions"),
    "updates_last": ("updates_last",),
    "side_inferred": ("side_inferred",),
    "corrects": ("corrects",),
    "cancels": ("cancels",),
    "source": ("source",),
    "anomaly": ("anomaly",),
    "venue": ("venue", "exchange"),
    "date": (),
    "suffix": (),
}
NEEDED = ("timestamp", "price", "volume")
# A time of day is completed by the column of its date.
CLOCK_NAMES = ("time", "tradetime", "timeofday")
DATE_NAMES = ("date", "trade_date", "trading_day", "day")
# A file with all of these is an export of this project: only there does `source` have its meaning. The symbol
# may stand in its path.
_LATER = {"conditions", "updates_last", "side_inferred", "corrects", "cancels"}
OWN = frozenset({*Trade.__struct_fields__} - {"symbol", *_LATER})
_PUNCTUATION = str.maketrans("", "", " -_.<>")


@dataclass(frozen=True)
class Columns:
    """Which column holds which field.

    Args:
        of: the index of a field's column; `date` is the date of a column with times of day, `suffix` the
            rest of a symbol, such as its class.
        summary: the same in words, with the unused columns.
        is_maker_side: whether the side column says that the buyer is the maker.
    """

    of: Mapping[str, int]
    summary: str
    is_maker_side: bool

    def without(self, field: str) -> Self:
        """Return the same columns without one field."""
        return replace(self, of={name: number for name, number in self.of.items() if name != field})


def match(
    header: Sequence[str], asked: Mapping[str, str], symbol: str | None = None, *, guesses: bool = True
) -> Columns:
    """Return which column holds which field.

    Args:
        header: the names of the columns.
        asked: columns by field, as given by a person; an empty name is no column. The others are found by
            their names.
        symbol: the symbol of all rows, if no column has it.
        guesses: whether the others are found by their names.

    Raises:
        UsageError: a required field has no column, or a given column does not exist.
    """
    is_own = OWN.issubset(header)
    of: dict[str, int] = {}
    for field in NAMES:
        if field in asked:
            of |= _named(header, field, asked[field])
        elif guesses and (field != "source" or is_own):
            of |= _found(header, field, NAMES[field], of)
    if guesses and "timestamp" in of and bare(header[of["timestamp"]]) in CLOCK_NAMES:
        of = _found(header, "date", DATE_NAMES, of) | of
    _require(header, of, symbol)
    side = header[of["trade_type"]] if "trade_type" in of else ""
    return Columns(of, _summary(of, header), any(_same(side, name) for name in BUYER_MAKES))


def field_of(word: str) -> str | None:
    """Return the field that a word means: its name, or one that files give to it.

    >>> field_of("time"), field_of("px"), field_of("colour")
    ('timestamp', 'price', None)
    """
    return next((field for field, names in NAMES.items() if any(_same(word, name) for name in names)), None)


def _named(header: Sequence[str], field: str, name: str) -> dict[str, int]:
    """Return the column that a person named, or two, `DATE+TIME`, for a time."""
    if not name:
        return {}
    number = _number(header, name)
    if number is not None:
        return {field: number}
    date, plus, clock = name.partition("+")
    parts = [_number(header, part) for part in (date, clock)]
    if field == "timestamp" and plus and None not in parts:
        return {"date": parts[0] or 0, "timestamp": parts[1] or 0}
    raise UsageError(what=f"--columns {field}={name}: the file has {', '.join(header)}")


def _found(
    header: Sequence[str], field: str, names: Sequence[str], taken: Mapping[str, int]
) -> dict[str, int]:
    number = next((found for name in names if (found := _number(header, name)) is not None), None)
    return {} if number is None or number in taken.values() else {field: number}


def _number(header: Sequence[str], name: str) -> int | None:
    exact = next((at for at, head in enumerate(header) if head == name), None)
    return (
        exact
        if exact is not None
        else next((at for at, head in enumerate(header) if _same(head, name)), None)
    )


def _require(header: Sequence[str], of: Mapping[str, int], symbol: str | None) -> None:
    missing = [field for field in (*NEEDED, *(() if symbol else ("symbol",))) if field not in of]
    if missing:
        example = f"--columns {missing[0]}=NAME" + (" or --symbols SYMBOL" if missing == ["symbol"] else "")
        raise UsageError(
            what=f"no column for {', '.join(missing)} among {', '.join(header)}; name it with {example}"
        )


def _summary(of: Mapping[str, int], header: Sequence[str]) -> str:
    columns = {
        field: header[number] for field, number in of.items() if field not in ("date", "suffix", "venue")
    }
    if "date" in of:
        columns["timestamp"] = f"{header[of['date']]}+{columns['timestamp']}"
    if "suffix" in of:
        columns["symbol"] = f"{columns['symbol']}.{header[of['suffix']]}"
    taken = ", ".join(f"{field} from {name}" for field, name in columns.items())
    used = {number for field, number in of.items() if field != "venue"}
    unused = ", ".join(head for number, head in enumerate(header) if number not in used)
    return f"{taken}; unused: {unused}" if unused else taken


def _same(one: str, other: str) -> bool:
    return bare(one) == bare(other)


def bare(name: str) -> str:
    """Return a column's name without case, spaces and punctuation."""
    return name.strip().lower().translate(_PUNCTUATION)

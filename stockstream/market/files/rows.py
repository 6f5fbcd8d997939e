"""A row of a foreign file as a trade.

>>> from datetime import UTC, datetime
>>> from stockstream.market.files.columns import match
>>> from stockstream.market.files.times import TimeRule
>>> columns = match(["Time", "Ticker", "px", "Qty", "side"], {})
>>> times = TimeReader(TimeRule.plausible(until=datetime(2027, 1, 1, tzinfo=UTC)))
>>> found = RowReader(columns, times, source="doc").read(["1700000000.5", "AAPL", "187.12", "10", "b"])
>>> found.trade.timestamp.isoformat(), found.trade.trade_type, found.has_id
('2023-11-14T22:13:20.500000+00:00', 'BUY', False)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from decimal import Decimal

from stockstream.market.files.columns import Columns
from stockstream.market.files.identity import NO_ID, Reading
from stockstream.market.files.times import TimeReader, number_of
from stockstream.market.trade.codec import refuse, validated
from stockstream.market.trade.conditions import Conditions
from stockstream.market.trade.schema import Side, Trade

# In FIX, 1 buys and 2 sells. A file says `bid` of an aggressor that bids, so buys.
SIDES: Mapping[str, Side | None] = {
    **dict.fromkeys(("buy", "b", "bid", "buyer", "1", "+1"), "BUY"),
    **dict.fromkeys(("sell", "s", "ask", "a", "seller", "2", "-1"), "SELL"),
    **dict.fromkeys(("", "n", "none", "null", "unknown", "-", "0"), None),
}
MAKER_SIDES: Mapping[str, Side | None] = {
    **dict.fromkeys(("true", "t", "1"), "SELL"),
    **dict.fromkeys(("false", "f", "0"), "BUY"),
    "": None,
}
FLAGS = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}


@dataclass(frozen=True)
class Meaning:
    """What the cells of a file mean, where its format says more than its columns do.

    Attributes:
        sides: the words of the side column; None for the usual ones.
        conditions: which condition codes do not update the last price.
        only: by the index of a column, the values of the rows that are trades.
        decimal_comma: whether a comma is a decimal point.
        price_shift: how many digits the decimal point of prices moves to the left.
        day_zone: the zone of the days within which ids are unique.
    """

    sides: Mapping[str, Side | None] | None = None
    conditions: Conditions | None = None
    only: Mapping[int, frozenset[str]] = field(default_factory=dict)
    decimal_comma: bool = False
    price_shift: int = 0
    day_zone: tzinfo = UTC


PLAIN = Meaning()


class RowReader:
    """Makes trades from rows with these columns."""

    def __init__(
        self,
        columns: Columns,
        times: TimeReader,
        source: str,
        *,
        symbol: str | None = None,
        meaning: Meaning = PLAIN,
    ) -> None:
        """Set what all rows share; `columns` has the index of each field's column, `wanted` all used ones.

        Args:
            columns: which column holds which field.
            times: reads the times.
            source: the source of trades without a column for it.
            symbol: the symbol of trades without a column for it.
            meaning: what the cells mean.
        """
        self.columns = columns.of
        self.wanted = sorted({*columns.of.values(), *meaning.only})
        self._sides = meaning.sides or (MAKER_SIDES if columns.is_maker_side else SIDES)
        self.meaning = meaning
        self.times = times
        self._source = source
        self._symbol = symbol

    def read(self, row: Sequence[object]) -> Reading:
        """Return the content of a row.

        Raises:
            BadTradeError: the row is not a trade; the reason names the field.
        """
        cell = {field: row[number] if number < len(row) else None for field, number in self.columns.items()}
        side = text_of("trade_type", cell.get("trade_type")).lower()
        if side not in self._sides:
            refuse("trade_type", repr(side), f"one of {', '.join(filter(None, self._sides))}, or nothing")
        conditions = text_of("conditions", cell.get("conditions"))
        own_id = text_of("trade_id", cell.get("trade_id"))
        moment, form = self.times.read_with_form(cell["timestamp"], cell.get("date"))
        made = Trade(
            trade_id=own_id or NO_ID,
            timestamp=moment,
            symbol=symbol_of(cell) or self._symbol or "",
            price=self._amount("price", cell["price"]).scaleb(-self.meaning.price_shift),
            volume=self._amount("volume", cell["volume"]),
            trade_type=self._sides[side],
            conditions=conditions or None,
            updates_last=_flag("updates_last", cell.get("updates_last"), usual=self._moves(conditions)),
            side_inferred=_flag("side_inferred", cell.get("side_inferred"), usual=False),
            corrects=text_of("corrects", cell.get("corrects")) or None,
            cancels=_flag("cancels", cell.get("cancels"), usual=False),
            source=text_of("source", cell.get("source")) or self._source,
            anomaly=text_of("anomaly", cell.get("anomaly")) or None,
        )
        day = f"{moment.astimezone(self.meaning.day_zone):%Y%m%d}"
        return Reading(validated(made), bool(own_id), text_of("venue", cell.get("venue")), form, day)

    def is_trade(self, row: Sequence[object]) -> bool:
        """Return whether a row is meant as a trade; others belong to a file of more than trades."""
        return all(
            number >= len(row) or text_of("only", row[number]) in values
            for number, values in self.meaning.only.items()
        )

    def _moves(self, conditions: str) -> bool:
        return self.meaning.conditions is None or self.meaning.conditions.update_last(conditions)

    def _amount(self, field: str, cell: object) -> Decimal:
        if self.meaning.decimal_comma and isinstance(cell, str):
            cell = cell.replace(",", ".")
        amount = number_of(cell)
        if amount is None:
            refuse(field, repr(text_of(field, cell)))
        return amount

    def time_cells(self, row: Sequence[object]) -> tuple[object, object]:
        """Return the cell of a row's time, and that of its date if it has its own column."""
        date, clock = (self.columns.get(field, len(row)) for field in ("date", "timestamp"))
        return row[clock] if clock < len(row) else None, row[date] if date < len(row) else None


def symbol_of(cell: Mapping[str, object]) -> str:
    """Return a symbol; its suffix, which may stand behind a space, is separated by a point."""
    parts = (text_of("symbol", cell.get(part)) for part in ("symbol", "suffix"))
    return ".".join(filter(None, " ".join(parts).split(" ")))


def _flag(field: str, cell: object, *, usual: bool) -> bool:
    text = text_of(field, cell).lower()
    if text and text not in FLAGS:
        refuse(field, repr(text))
    return FLAGS.get(text, usual)


def text_of(field: str, cell: object) -> str:
    """Return a cell's text without surrounding whitespace.

    Raises:
        BadTradeError: it has bytes that are not UTF-8.
    """
    text = "" if cell is None else str(cell).strip()
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        refuse(field, repr(text.encode("utf-8", "surrogateescape"))[1:], "text in UTF-8")
    return text

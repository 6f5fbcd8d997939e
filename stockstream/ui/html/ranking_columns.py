"""The columns of the table of symbols, and the orders in which it can be sorted.

A column has two orders: the one that the first click on its head gives, and its reverse. Their names are
used in the address.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from stockstream.ui.data.records import Standing

USUAL = "value"


@dataclass(frozen=True)
class Column:
    """A column: its head, its sort key, and the names of its orders; it may have none.

    Attributes:
        by: returns the sort key of a row, or None without a value; the row is then last in both orders.
        orders: the order that a first click on the head gives, and the one that a second click gives.
        rises: whether the first order is ascending.
    """

    head: str
    by: Callable[[Standing], Decimal | int | None] | None = None
    orders: tuple[str, ...] = ()
    rises: bool = False


COLUMNS = (
    Column("Symbol", lambda _row: 0, ("symbol", "symbol-reversed"), rises=True),
    Column("Last", lambda row: row.last, ("last", "least-last")),
    Column("Change", lambda row: row.change, ("gainers", "losers")),
    Column("Trend"),
    Column("High", lambda row: row.high, ("high", "least-high")),
    Column("Low", lambda row: row.low, ("low", "least-low")),
    Column("VWAP", lambda row: row.vwap, ("vwap", "least-vwap")),
    Column("Volume", lambda row: row.volume, ("volume", "least-volume")),
    Column("Value", lambda row: row.value, ("value", "least-value")),
    Column("Trades", lambda row: row.trades, ("trades", "least-trades")),
    Column("Anomalies", lambda row: row.findings, ("anomalies", "fewest-anomalies")),
)
COLUMN_OF = {order: column for column in COLUMNS for order in column.orders}


@dataclass(frozen=True)
class Head:
    """A column head: its text, the order that a click gives, and how the column is sorted now."""

    text: str
    order: str | None
    sort: str | None


def ordered(standings: Iterable[Standing], order: str) -> list[Standing]:
    """Return the rows in the given order; equal rows stay in the order of their names."""
    by_name = sorted(standings, key=lambda row: row.symbol)
    column = COLUMN_OF.get(order)
    if column is None or column.by is None:
        return by_name
    if order == "symbol-reversed":
        return by_name[::-1]
    valued = [(value, row) for value, row in ((column.by(row), row) for row in by_name) if value is not None]
    ranked = [row for _, row in sorted(valued, key=lambda pair: pair[0], reverse=is_falling(order))]
    return ranked + [row for row in by_name if column.by(row) is None]


def is_falling(order: str) -> bool:
    """Return whether an order is descending.

    >>> is_falling("gainers"), is_falling("losers"), is_falling("symbol")
    (True, False, False)
    """
    column = COLUMN_OF[order]
    return (order == column.orders[0]) != column.rises


def heads(order: str, sign: str) -> list[Head]:
    """Return the heads of a table sorted in an order; `sign` is the currency sign of values."""
    return [_head(column, order, sign) for column in COLUMNS]


def _head(column: Column, order: str, sign: str) -> Head:
    text = f"{column.head} {sign}".strip() if column.head == "Value" else column.head
    if not column.orders:
        return Head(text, None, None)
    if order not in column.orders:
        return Head(text, column.orders[0], "none")
    other = column.orders[1 - column.orders.index(order)]
    return Head(text, other, "descending" if is_falling(order) else "ascending")

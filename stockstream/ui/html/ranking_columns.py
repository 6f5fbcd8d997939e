"""The columns of the table of symbols, and the orders that it can stand in.

A column has two orders: the one that its head gives at first, and the same reversed. Their names stand in
the address.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from stockstream.ui.data.records import Standing

USUAL = "value"


@dataclass(frozen=True)
class Column:
    """A column: its head, what it sorts by, and the names of the orders it gives; one may give none.

    Attributes:
        by: of a row; None where it has no value, and then it stands at the end in both orders.
        orders: the one that the head gives first, and the one that a second click gives.
        rises: whether the first one begins with the least.
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
    """A head of the table: its text, the order that a click gives, and how the column is sorted now."""

    text: str
    order: str | None
    sort: str | None


def ordered(standings: Iterable[Standing], order: str) -> list[Standing]:
    """Return the rows in the asked order; rows that are equal stay in the order of their names."""
    by_name = sorted(standings, key=lambda row: row.symbol)
    column = COLUMN_OF.get(order)
    if column is None or column.by is None:
        return by_name
    if order == "symbol-reversed":
        return by_name[::-1]
    valued = [(value, row) for value, row in ((column.by(row), row) for row in by_name) if value is not None]
    told = [row for _, row in sorted(valued, key=lambda pair: pair[0], reverse=is_falling(order))]
    return told + [row for row in by_name if column.by(row) is None]


def is_falling(order: str) -> bool:
    """Return whether an order begins with the most.

    >>> is_falling("gainers"), is_falling("losers"), is_falling("symbol")
    (True, False, False)
    """
    column = COLUMN_OF[order]
    return (order == column.orders[0]) != column.rises


def heads(order: str, sign: str) -> list[Head]:
    """Return the heads of a table that stands in an order; values are in the money of `sign`."""
    return [_head(column, order, sign) for column in COLUMNS]


def _head(column: Column, order: str, sign: str) -> Head:
    text = f"{column.head} {sign}".strip() if column.head == "Value" else column.head
    if not column.orders:
        return Head(text, None, None)
    if order not in column.orders:
        return Head(text, column.orders[0], "none")
    other = column.orders[1 - column.orders.index(order)]
    return Head(text, other, "descending" if is_falling(order) else "ascending")

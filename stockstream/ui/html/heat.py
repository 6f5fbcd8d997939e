"""The heat map: each symbol's change in each interval of the window, as a table of coloured cells.

It is not a chart, because a table scrolls on a narrow screen, and a screen reader can read its cells.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from html import escape

from stockstream.ui.data.market_snapshot import MarketSnapshot
from stockstream.ui.data.records import Line, percent
from stockstream.ui.data.window import MINUTE, Span
from stockstream.ui.html.elements import cell, table
from stockstream.ui.html.formatting import MINUS

COLUMNS = 12
MOST_ROWS = 20
LEAST_CHANGE = 0.05  # percent: below it, the colours would exaggerate noise
DEEPEST = 50  # percent of colour in a cell's background: with more, its number would not stand out
DAY = timedelta(days=1)
NOTHING = '<p class="quiet">No symbol to show.</p>'

Row = list[float | None]


def heat(snapshot: MarketSnapshot, span: Span) -> str:
    """Return the price changes by symbol and interval; a cell has a number as well as a colour."""
    chosen = sorted(row.symbol for row in snapshot.shown[:MOST_ROWS])
    rows = [changes(snapshot.lines.get(symbol, []), span) for symbol in chosen]
    most = max([LEAST_CHANGE, *(abs(change) for row in rows for change in row if change is not None)])
    body = "".join(_row(symbol, row, most) for symbol, row in zip(chosen, rows, strict=True))
    return table("heat", ("Symbol", *_heads(span)), body) if chosen else NOTHING


def formatted(percent: float) -> str:
    r"""Return a change in a form short enough for a cell.

    >>> formatted(0.126), formatted(-1.2), formatted(-0.001)
    ('+0.13', '\u22121.20', '0.00')
    """
    return f"{percent:+.2f}".replace("-", MINUS) if round(percent, 2) else "0.00"


def changes(line: Line, span: Span) -> Row:
    """Return the percent change of each interval from the last price before it; None without a price."""
    width = (span.end - span.start) / COLUMNS
    lasts: list[Decimal | None] = [None] * COLUMNS
    for moment, price in line:
        lasts[min(int((moment - span.start) / width), COLUMNS - 1)] = price
    row: Row = []
    before = line[0][1] if line else None
    for last in lasts:
        row.append(None if last is None or not before else float(percent(last, before)))
        before = before if last is None else last
    return row


def _heads(span: Span) -> list[str]:
    """Return the time at which each interval begins."""
    width = (span.end - span.start) / COLUMNS
    return [_head(span.start + width * place, width) for place in range(COLUMNS)]


def _head(begin: datetime, width: timedelta) -> str:
    if width >= DAY:
        return begin.strftime("%d %b")
    if width * COLUMNS > DAY:
        return begin.strftime("%d %b %H:%M")
    return begin.strftime("%H:%M" if width >= MINUTE else "%H:%M:%S")


def _row(symbol: str, row: Sequence[float | None], most: float) -> str:
    return f"<tr>{cell(escape(symbol), 'name')}{''.join(_cell(change, most) for change in row)}</tr>"


def _cell(change: float | None, most: float) -> str:
    if change is None:
        return cell("")
    ink, share = ("--up" if change > 0 else "--down"), round(DEEPEST * abs(change) / most)
    ground = f"color-mix(in srgb, var({ink}) {share}%, var(--card))"
    return f'<td style="background:{ground}">{formatted(change)}</td>'

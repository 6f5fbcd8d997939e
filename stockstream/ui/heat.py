"""Where the window was warm: each symbol's change in each stretch of it, as a plain Plotly figure."""

from decimal import Decimal

from stockstream.ui.look import axis, layout_of, revision, time_axis
from stockstream.ui.picture import Picture
from stockstream.ui.plot import Figure
from stockstream.ui.records import Line
from stockstream.ui.window import Span

COLUMNS = 12
MOST_ROWS = 20
LEAST_CHANGE = 0.05  # percent: below it, the colours would show noise as if it were much

Row = list[float | None]


def heat(picture: Picture, span: Span) -> Figure:
    """Return the change of price by symbol and stretch; a cell has its number as well as a colour."""
    chosen = sorted(row.symbol for row in picture.shown[:MOST_ROWS])
    rows = [changes(picture.lines.get(symbol, []), span) for symbol in chosen]
    width = (span.end - span.start) / COLUMNS
    most = max([LEAST_CHANGE, *(abs(cell) for row in rows for cell in row if cell is not None)])
    cells = {
        "type": "heatmap",
        "x": [(span.start + width * (place + 0.5)).strftime("%Y-%m-%d %H:%M:%S") for place in range(COLUMNS)],
        "y": chosen,
        "z": rows,
        "text": [["" if cell is None else told(cell) for cell in row] for row in rows],
        "texttemplate": "%{text}",
        "textfont": {"size": 10},
        "colorscale": [[0, "var(--down)"], [0.5, "var(--card)"], [1, "var(--up)"]],
        "zmin": -most,
        "zmax": most,
        "xgap": 2,
        "ygap": 2,
        "showscale": False,
        "hovertemplate": "%{y}: %{z:+.3f} %<extra></extra>",
    }
    layout = layout_of(revision("heat", picture.question), 340)
    layout |= {"xaxis": time_axis() | {"showgrid": False}, "yaxis": axis() | {"autorange": "reversed"}}
    return {"data": [cells], "layout": layout}


def told(percent: float) -> str:
    """Return a change as a cell has room for it.

    >>> told(0.126), told(-1.2), told(-0.001)
    ('+0.13', '-1.20', '0.00')
    """
    return f"{percent:+.2f}" if round(percent, 2) else "0.00"


def changes(line: Line, span: Span) -> Row:
    """Return a price's change in each stretch in percent, from the last price before; None without one."""
    width = (span.end - span.start) / COLUMNS
    lasts: list[Decimal | None] = [None] * COLUMNS
    for moment, price in line:
        lasts[min(int((moment - span.start) / width), COLUMNS - 1)] = price
    row: Row = []
    before = line[0][1] if line else None
    for last in lasts:
        row.append(float((last / before - 1) * 100) if last and before else None)
        before = last or before
    return row

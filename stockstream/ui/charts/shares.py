"""How value and volume are split among the symbols, as plain Plotly figures."""

from decimal import Decimal

from stockstream.ui.charts.plot import Figure
from stockstream.ui.charts.style import axis, colours, layout_of, revision
from stockstream.ui.data.market_snapshot import MarketSnapshot
from stockstream.ui.html import formatting

MOST_BARS = 12
LEAST_SLICE = Decimal("0.01")  # of the ring: labels of thinner slices would overlap


def value_bars(snapshot: MarketSnapshot, sign: str) -> Figure:
    """Return the value traded per symbol, the largest on top."""
    inks = colours(snapshot.symbols)
    shown = [row for row in snapshot.standings[:MOST_BARS] if row.value]
    values = [0.0, *(float(row.value) for row in shown)]
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": [float(row.value) for row in shown],
        "y": [row.symbol for row in shown],
        "text": [f" {sign}{formatting.short(row.value, 2)}" for row in shown],
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {"color": [inks[row.symbol] for row in shown]},
        "hovertemplate": f"%{{y}}: {sign}%{{x:,.2f}}<extra></extra>",
    }
    layout = layout_of(revision("value", snapshot.question), 340)
    layout |= {
        "xaxis": axis()
        | {
            "tickprefix": sign,
            "exponentformat": "B",
            "fixedrange": True,
            "range": [1.32 * min(values), 1.32 * max(values)],
        },
        "yaxis": {"autorange": "reversed", "automargin": True, "fixedrange": True, "ticksuffix": " "},
        "bargap": 0.25,
    }
    return {"data": [bars], "layout": layout}


def volume_shares(snapshot: MarketSnapshot) -> Figure:
    """Return each symbol's share of the volume; the small shares are combined as `other`."""
    inks = colours(snapshot.symbols)
    rows = sorted((row for row in snapshot.standings if row.volume), key=lambda row: row.volume, reverse=True)
    total = sum((row.volume for row in rows), Decimal(0))
    shown = [row for row in rows[:MOST_BARS] if row.volume >= LEAST_SLICE * total]
    others = total - sum((row.volume for row in shown), Decimal(0))
    slices = [(row.symbol, row.volume, inks[row.symbol]) for row in shown]
    slices += [("other", others, "var(--edge)")] if others else []
    ring = {
        "type": "pie",
        "hole": 0.6,
        "sort": False,
        "direction": "clockwise",
        "labels": [label for label, _, _ in slices],
        "values": [float(volume) for _, volume, _ in slices],
        "marker": {"colors": [ink for _, _, ink in slices], "line": {"color": "var(--card)", "width": 2}},
        "texttemplate": "%{label} %{percent:.1%}",
        "textposition": "outside",
        "hovertemplate": "%{label}: %{value:,} (%{percent:.2%})<extra></extra>",
    }
    layout = layout_of(revision("volume", snapshot.question), 340) | {"showlegend": False}
    layout["margin"] = {"l": 80, "r": 80, "t": 34, "b": 34}
    layout["annotations"] = [
        {"text": f"<b>{formatting.short(total)}</b><br>volume", "showarrow": False, "font": {"size": 15}}
    ]
    return {"data": [ring], "layout": layout}

"""Elements of the page as HTML; external text is always escaped here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from html import escape
from urllib.parse import quote

from stockstream.market.trade.auctions import auction_of
from stockstream.ui.data.records import Line, Mark, ShownTrade, Standing
from stockstream.ui.html import formatting, links

SPARK_WIDTH, SPARK_HEIGHT, SPARK_POINTS = 110, 26, 60
NOTHING_FOUND = (
    "Nothing unusual found in this window; <code>python anomaly_detector.py watch</code> looks on."
)
SVG = "'http://www.w3.org/2000/svg'"
# The text of a side and its class; a venue may not say it.
SIDES = {"BUY": ("▲ BUY", "up"), "SELL": ("▼ SELL", "down"), None: (formatting.NOTHING, "")}


@dataclass(frozen=True)
class Total:
    """A number at the top of a page, and what is shown below it; `course` is finished HTML."""

    label: str
    value: str
    beside: str
    course: str = ""


def totals(numbers: Iterable[Total]) -> str:
    """Return the numbers at the top of a page."""
    return f'<dl class="totals">{"".join(map(_total, numbers))}</dl>'


def _total(number: Total) -> str:
    html = f'<dt>{escape(number.label)}</dt><dd class="value">{escape(number.value)}</dd>'
    html += f'<dd class="beside">{escape(number.beside)}</dd>'
    html += f'<dd class="course">{number.course}</dd>' if number.course else ""
    return f"<div>{html}</div>"


def performance(rows: Sequence[Standing], lines: Mapping[str, Line], colours: Mapping[str, str]) -> str:
    """Return the rows of the table of symbols."""
    return "".join(_row(row, lines.get(row.symbol, []), colours.get(row.symbol, "inherit")) for row in rows)


def _row(row: Standing, line: Line, colour: str) -> str:
    cells = (
        cell(f'<i style="background:{colour}"></i>{link(row.symbol, links.symbol(row.symbol))}', "name"),
        cell(formatting.price(row.last), "strong"),
        cell(formatting.change(row.change), direction(row.change)),
        cell(sparkline(line), "spark"),
        cell(formatting.price(row.high)),
        cell(formatting.price(row.low)),
        cell(formatting.price(row.vwap)),
        cell(formatting.quantity(row.volume)),
        cell(f"{row.value:,.0f}"),
        cell(f"{row.trades:,}"),
        cell(f"◆ {row.findings:,}" if row.findings else "0", "found" if row.findings else "none"),
    )
    return f'<tr data-symbol="{escape(row.symbol)}">{"".join(cells)}</tr>'


def direction(amount: Decimal | None) -> str:
    """Return the CSS class of a change: up, down or flat."""
    if not amount:
        return "flat"
    return "up" if amount > 0 else "down"


def sparkline(line: Line) -> str:
    """Return a price over time as a small drawing."""
    every = max(len(line) // SPARK_POINTS, 1)
    prices = [float(price) for _, price in line[::-every]][::-1]
    if len(prices) < 2:  # noqa: PLR2004 - a line has two ends
        return ""
    low, high = min(prices), max(prices)
    scale = (SPARK_HEIGHT - 4) / (high - low or 1)
    across = SPARK_WIDTH / (len(prices) - 1)
    points = " ".join(
        f"{at * across:.1f},{2 + (high - price) * scale:.1f}" for at, price in enumerate(prices)
    )
    way = direction(Decimal(prices[-1]) - Decimal(prices[0]))
    return f'<i class="{way}" style="mask-image:url(&quot;{_drawing(points)}&quot;)"></i>'


def _drawing(points: str) -> str:
    """Return a drawing as a data URL for a mask, so that the page's colours show through it.

    (The page's HTML sanitizer removes inline drawings.)
    """
    size = f"viewBox='0 0 {SPARK_WIDTH} {SPARK_HEIGHT}' preserveAspectRatio='none'"
    area = f"<polygon points='0,{SPARK_HEIGHT} {points} {SPARK_WIDTH},{SPARK_HEIGHT}' fill-opacity='.16'/>"
    line = f"<polyline points='{points}' fill='none' stroke='#000' stroke-width='1.6'/>"
    return f"data:image/svg+xml,{quote(f'<svg xmlns=%s {size}>' % SVG + area + line + '</svg>')}"


def titled(title: str, body: str) -> str:
    """Return finished HTML with a heading above it."""
    return f"<h3>{escape(title)}</h3>{body}"


def tape(prints: Sequence[ShownTrade], sign: str, zone: str = "UTC", *, dated: bool = False) -> str:
    """Return the recent trades, newest first; with their dates if `dated`."""
    if not prints:
        return '<p class="quiet">No trade here yet.</p>'
    heads = (f"Time ({zone})", "Symbol", "Side", "Price", "Volume", f"Value {sign}".strip(), "Found")
    return table("tape", heads, "".join(_print(trade, dated=dated) for trade in prints))


def _print(trade: ShownTrade, *, dated: bool) -> str:
    day = f"{trade.timestamp:%d %b %Y} " if dated else ""
    note = f"◆ {_kind(trade.found)}" if trade.found else ""
    if trade.corrected_at:
        note = "cancelled" if trade.cancels else "corrected"
    cells = (
        cell(f"{day}{formatting.clock(trade.timestamp)}", "time"),
        cell(escape(trade.symbol), "name"),
        cell(*_side(trade)),
        cell(formatting.price(trade.price), "strong"),
        cell(formatting.quantity(trade.volume)),
        cell(f"{trade.value:,.2f}"),
        cell(note, "found"),
    )
    kind = "void" if trade.corrected_at else "unusual" if trade.found else ""
    return f'<tr class="{kind}">{"".join(cells)}</tr>'


def _side(trade: ShownTrade) -> tuple[str, str]:
    """Return the text and the class of a trade's side, and which auction it is: there is no taker in one."""
    text, kind = SIDES[trade.trade_type]
    auction = auction_of(trade.conditions)
    if auction is None:
        return text, kind
    return (f"{text} · {auction}", kind) if trade.trade_type else (str(auction), "auction")


def findings(marks: Sequence[Mark], read_at: datetime) -> str:
    """Return the latest findings, each with the sentence that explains it."""
    if not marks:
        return f'<p class="quiet">{NOTHING_FOUND}</p>'
    return f'<ol class="findings">{"".join(_finding(mark, read_at) for mark in marks)}</ol>'


def _finding(mark: Mark, read_at: datetime) -> str:
    how = " + ".join(mark.methods)
    return (
        f"<li><header><b>◆ {link(mark.symbol, links.moment(mark))}</b>"
        f'<span class="kind">{_kind(mark.kind)}</span>'
        f"<time>{formatting.moment(mark.end, read_at)}</time></header>"
        f"<p>{escape(mark.explanation)}</p>"
        f"<footer>score {mark.score:.2f} · threshold {mark.threshold:.2f} · {escape(how)}</footer></li>"
    )


def link(text: str, address: str) -> str:
    """Return a link that opens in the same tab."""
    return f'<a href="{escape(address)}" target="_self">{escape(text)}</a>'


def _kind(kind: str) -> str:
    return escape(kind.replace("_", " "))


def counts(kinds: Mapping[str, int]) -> str:
    """Return the number of findings of each kind."""
    if not kinds:
        return '<p class="quiet">None in this window.</p>'
    html = (f'<span class="kind">{_kind(kind)} <b>{count:,}</b></span>' for kind, count in kinds.items())
    return f'<p class="kinds">{" ".join(html)}</p>'


def table(name: str, heads: Sequence[str], body: str) -> str:
    """Return a table that scrolls on its own on a narrow screen."""
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    text = f'<table class="{name}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    return f'<div class="wide" tabindex="0">{text}</div>'


def cell(text: str, kind: str = "") -> str:
    """Return a cell of finished HTML; `kind` is its CSS class."""
    return f'<td class="{kind}">{text}</td>'

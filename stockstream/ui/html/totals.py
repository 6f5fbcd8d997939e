"""The five numbers on top, each with its course over the window and its change."""

from collections.abc import Callable
from decimal import Decimal

from stockstream.ui.data.market_snapshot import Picture
from stockstream.ui.data.records import Beat
from stockstream.ui.html import elements, formatting

ZERO = Decimal(0)
Part = Callable[[Beat], Decimal]

TRADES: Part = lambda beat: Decimal(beat.trades)  # noqa: E731 - a column, not a function
VOLUME: Part = lambda beat: beat.volume  # noqa: E731
VALUE: Part = lambda beat: beat.value  # noqa: E731
ACTIVE: Part = lambda beat: Decimal(beat.active)  # noqa: E731
FINDINGS: Part = lambda beat: Decimal(beat.findings)  # noqa: E731


def totals(picture: Picture, sign: str) -> str:
    """Return the five numbers: sums over the candles of the window."""
    rows = picture.standings
    trades = sum(row.trades for row in rows)
    volume = sum((row.volume for row in rows), ZERO)
    bought = sum((row.buy_volume for row in rows), ZERO)
    value = sum((row.value for row in rows), ZERO)
    late = sum(row.late for row in rows)
    findings = sum(row.findings for row in rows)
    active = sum(1 for row in rows if row.trades)
    pace = f"{trades / picture.seconds:,.1f} a second" + (f", {late:,} late" if late else "")
    share = f"{bought / volume:.0%} bought" if volume else "none"
    mean = f"vwap {formatting.price(value / volume)}" if volume else "none"
    rate = f"{1000 * findings / trades:,.2f} in 1,000 trades" if trades else "none"
    known = f"of {len(picture.symbols):,} on the tape"
    told = (
        (("Trades", f"{trades:,}", pace), Decimal(trades), TRADES),
        (("Volume", formatting.short(volume), share), volume, VOLUME),
        ((f"Value {sign}".strip(), formatting.short(value), mean), value, VALUE),
        (("Active symbols", f"{active:,}", known), Decimal(active), ACTIVE),
        (("Anomalies", f"{findings:,}", rate), Decimal(findings), FINDINGS),
    )
    return elements.totals(elements.Total(*words, _course(picture, now, part)) for words, now, part in told)


def _course(picture: Picture, now: Decimal, part: Part) -> str:
    # The newest beat is not over: drawn beside whole ones, it would look like a fall.
    course = [(beat.start, part(beat)) for beat in picture.beats[:-1]]
    former = part(picture.former) / _pace(picture, part) if picture.former else ZERO
    return f"{elements.sparkline(course)}{_change(now, former)}"


def _change(now: Decimal, former: Decimal) -> str:
    if not former:
        return ""
    percent = (now / former - 1) * 100
    way = elements.direction(round(percent, 2))
    return (
        f'<span class="{way}" title="against the stretch before, as long">{formatting.change(percent)}</span>'
    )


def _pace(picture: Picture, part: Part) -> Decimal:
    """Return how much longer the stretch before is than the window; what does not flow has no pace."""
    if picture.former is None or picture.span is None or part is ACTIVE:
        return Decimal(1)
    former = (picture.span.start - picture.former.start).total_seconds()
    return Decimal(str(former / picture.seconds))

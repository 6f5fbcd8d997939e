"""The five numbers at the top, each with its course over the window and its change."""

from collections.abc import Callable
from decimal import Decimal

from stockstream.ui.data.market_snapshot import MarketSnapshot
from stockstream.ui.data.records import Bucket, percent
from stockstream.ui.html import elements, formatting

ZERO = Decimal(0)
Part = Callable[[Bucket], Decimal]

TRADES: Part = lambda bucket: Decimal(bucket.trades)  # noqa: E731 - a column, not a function
VOLUME: Part = lambda bucket: bucket.volume  # noqa: E731
VALUE: Part = lambda bucket: bucket.value  # noqa: E731
ACTIVE: Part = lambda bucket: Decimal(bucket.active)  # noqa: E731
FINDINGS: Part = lambda bucket: Decimal(bucket.findings)  # noqa: E731


def totals(snapshot: MarketSnapshot, sign: str) -> str:
    """Return the five numbers: sums over the candles of the window."""
    rows = snapshot.standings
    trades = sum(row.trades for row in rows)
    volume = sum((row.volume for row in rows), ZERO)
    bought = sum((row.buy_volume for row in rows), ZERO)
    sold = sum((row.sell_volume for row in rows), ZERO)
    value = sum((row.value for row in rows), ZERO)
    late = sum(row.late for row in rows)
    findings = sum(row.findings for row in rows)
    active = sum(1 for row in rows if row.trades)
    pace = f"{trades / snapshot.seconds:,.1f} a second" + (f", {late:,} late" if late else "")
    share = formatting.bought(bought, sold, volume)
    mean = f"vwap {formatting.price(value / volume)}" if volume else "none"
    rate = f"{1000 * findings / trades:,.2f} in 1,000 trades" if trades else "none"
    known = f"of {len(snapshot.symbols):,} on the tape"
    columns = (
        (("Trades", f"{trades:,}", pace), Decimal(trades), TRADES),
        (("Volume", formatting.short(volume), share), volume, VOLUME),
        ((f"Value {sign}".strip(), formatting.short(value), mean), value, VALUE),
        (("Active symbols", f"{active:,}", known), Decimal(active), ACTIVE),
        (("Anomalies", f"{findings:,}", rate), Decimal(findings), FINDINGS),
    )
    return elements.totals(
        elements.Total(*words, _course(snapshot, now, part)) for words, now, part in columns
    )


def _course(snapshot: MarketSnapshot, now: Decimal, part: Part) -> str:
    # The newest bucket is not over: drawn beside complete ones, it would look like a fall.
    course = [(bucket.start, part(bucket)) for bucket in snapshot.buckets[:-1]]
    former = part(snapshot.former) / _pace(snapshot, part) if snapshot.former else ZERO
    return f"{elements.sparkline(course)}{_change(now, former)}"


def _change(now: Decimal, former: Decimal) -> str:
    if not former:
        return ""
    change = percent(now, former)
    way = elements.direction(round(change, 2))
    return f'<span class="{way}" title="compared with the window before">{formatting.change(change)}</span>'


def _pace(snapshot: MarketSnapshot, part: Part) -> Decimal:
    """Return how many times longer the interval before is than the window; 1 for what is not a sum."""
    if snapshot.former is None or snapshot.span is None or part is ACTIVE:
        return Decimal(1)
    former = (snapshot.span.start - snapshot.former.start).total_seconds()
    return Decimal(str(former / snapshot.seconds))

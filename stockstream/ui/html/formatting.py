"""Numbers and times as the page writes them: separators, units, signs, and a dash for no value."""

from datetime import datetime, timedelta
from decimal import Decimal

NOTHING = "—"
MINUS = "\u2212"
UNITS = ((Decimal(10) ** 12, "T"), (Decimal(10) ** 9, "B"), (Decimal(10) ** 6, "M"))
SHORT_FROM = Decimal(10) ** 8
DOLLARS = frozenset({"USD", "USDT", "USDC"})


def price(amount: Decimal | None) -> str:
    """Return a price with as many decimals as it needs, at least two.

    >>> price(Decimal("1234.5")), price(Decimal("0.000001234567")), price(Decimal("-0.5")), price(None)
    ('1,234.50', '0.000001234567', '-0.50', '—')
    """
    if amount is None:
        return NOTHING
    if abs(amount) >= 1:
        return f"{amount:,.2f}"
    whole, _, decimals = f"{amount:.12f}".rstrip("0").partition(".")
    return f"{whole}.{decimals:0<2}"


def quantity(amount: Decimal) -> str:
    """Return a volume: without decimals if it is whole, otherwise with at most four.

    >>> quantity(Decimal("12000")), quantity(Decimal("0.51230000"))
    ('12,000', '0.5123')
    """
    if amount == amount.to_integral_value():
        return f"{amount:,.0f}"
    return f"{amount:,.4f}".rstrip("0").rstrip(".")


def bought(buys: Decimal, sells: Decimal, volume: Decimal) -> str:
    """Return the share of the volume that takers bought, and of how much volume the side is known.

    >>> bought(Decimal(3), Decimal(1), Decimal(4)), bought(Decimal(3), Decimal(1), Decimal(10))
    ('75% bought', '75% bought, side known of 40%')
    >>> bought(Decimal(0), Decimal(0), Decimal(10)), bought(Decimal(0), Decimal(0), Decimal(0))
    ('no side is known', 'none')
    """
    known = buys + sells
    if not known:
        return "no side is known" if volume else "none"
    return f"{buys / known:.0%} bought" + ("" if known == volume else f", side known of {known / volume:.0%}")


def short(amount: Decimal, decimals: int = 4) -> str:
    """Return an amount in full below a hundred million, and from there in millions or larger units.

    >>> short(Decimal(99_999_999)), short(Decimal("1234567890"))
    ('99,999,999', '1.2346 B')
    """
    if abs(amount) < SHORT_FROM:
        return f"{amount:,.0f}" if abs(amount) >= 1_000 else quantity(amount)  # noqa: PLR2004 - a thousand
    unit, letter = next((unit, letter) for unit, letter in UNITS if abs(amount) >= unit)
    return f"{amount / unit:,.{decimals}f} {letter}"


def change(percent: Decimal | None) -> str:
    r"""Return a change with its direction as an arrow and a sign, never as colour alone.

    >>> change(Decimal("1.234")), change(Decimal("-0.5")), change(Decimal("0.001"))
    ('▲ +1.23 %', '▼ \u22120.50 %', '■ 0.00 %')
    """
    if percent is None:
        return NOTHING
    shown = round(percent, 2)
    if shown == 0:
        return "■ 0.00 %"
    arrow, sign = ("▲", "+") if shown > 0 else ("▼", MINUS)
    return f"{arrow} {sign}{abs(shown):,.2f} %"


def age(seconds: float) -> str:
    """Return how long ago something happened, as precisely as it matters.

    >>> [age(0.84), age(75), age(7300), age(200_000)]
    ['0.8 s ago', '1 min 15 s ago', '2 h 1 min ago', '2 d 7 h ago']
    """
    whole = int(max(seconds, 0))
    if whole < 60:  # noqa: PLR2004 - a minute
        return f"{max(seconds, 0):.1f} s ago"
    days, rest = divmod(whole, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, rest = divmod(rest, 60)
    if days:
        return f"{days} d {hours} h ago"
    return f"{hours} h {minutes} min ago" if hours else f"{minutes} min {rest} s ago"


def duration(seconds: float) -> str:
    """Return how long something took, as precisely as it matters.

    >>> [duration(0.0123), duration(1.26), duration(75), duration(-0.002)]
    ['12 ms', '1.3 s', '1 min 15 s', '0 ms']
    """
    if seconds < 1:
        return f"{max(seconds, 0) * 1000:.0f} ms"
    return age(seconds).removesuffix(" ago")


def at_most(count: int, counted: int) -> str:
    """Return a count that stopped at `counted`.

    >>> at_most(999, 1000), at_most(1000, 1000)
    ('999', '1,000 +')
    """
    return f"{count:,}" + (" +" if count >= counted else "")


def size(count: int | None) -> str:
    """Return an amount of memory in megabytes.

    >>> size(123_456_789), size(None)
    ('123 MB', '—')
    """
    return NOTHING if count is None else f"{count / 1e6:,.0f} MB"


def clock(moment: datetime) -> str:
    """Return the time of day to the millisecond.

    >>> clock(datetime(2026, 11, 23, 9, 5, 1, 234_567))
    '09:05:01.234'
    """
    return moment.strftime("%H:%M:%S.%f")[:-3]


def moment(when: datetime, read_at: datetime) -> str:
    """Return the time of day, with the date before it unless it is within a day of `read_at`."""
    near = abs(read_at - when) < timedelta(days=1)
    return when.strftime("%H:%M:%S" if near else "%d %b %Y %H:%M:%S")


def currency(symbols: list[str]) -> str:
    """Return the currency sign of values: a pair names its own currency, a share is in dollars.

    >>> currency(["AAPL", "BTC-USD"]), currency(["BTC/EUR"])
    ('$', '')
    """
    quoted = [symbol.replace("/", "-").rpartition("-") for symbol in symbols]
    return "$" if all(not base or money in DOLLARS for base, _, money in quoted) else ""

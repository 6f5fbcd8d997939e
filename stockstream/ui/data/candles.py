"""The candles of one symbol; those of regular days include the closing auction, printed after the close."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from stockstream.connectors.postgres.read_pool import Rows
from stockstream.market.sessions.schedule import MICROSECOND, UTC_DAYS, Schedule
from stockstream.market.trade.auctions import Auction, auction_of
from stockstream.ui.data.hours import TradingHours
from stockstream.ui.data.records import Candle
from stockstream.ui.data.sql import query
from stockstream.ui.data.window import DAY, Span, candle_start

# How long after the close its auction may be printed, and how many of the largest trades in it are read.
WITHIN = timedelta(minutes=5)
AT_MOST = 30
CLOSES = (Auction.CLOSING, Auction.OFFICIAL_CLOSE)


@dataclass(frozen=True)
class Print:
    """A report after a close that tells the closing price."""

    close: datetime
    price: Decimal
    volume: Decimal
    auction: Auction


def covered_by(covered: Span, symbol: str, width: timedelta, hours: TradingHours) -> dict[str, Any]:
    """Return for a statement the span of whole candles that covers another, and by which clock they begin."""
    schedule = hours.of(symbol)
    days = schedule.days if schedule and width >= DAY else UTC_DAYS
    whole = Span(candle_start(covered.start, width, days), covered.end)
    facts = {"symbol": symbol, "start": whole.start, "end": whole.end, "width": width}
    return facts | {"zone": days.zone, "early": days.early, **hours.facts([symbol], whole)}


def candles_of(rows: Rows, covered: Mapping[str, Any], hiding: Schedule | None) -> list[Candle]:
    """Return a symbol's candles.

    Args:
        rows: asks the database.
        covered: what `covered_by` returns.
        hiding: the schedule outside of which trades are hidden.
    """
    found = [(Candle(*values), minute) for *values, minute in rows(query("candles"), covered)]
    if hiding is None or covered["width"] < DAY:
        return [candle for candle, _ in found]
    prints = _prints(rows, covered, hiding)
    return [_closed(candle, minute, prints[candle.start]) for candle, minute in found]


def _prints(rows: Rows, covered: Mapping[str, Any], schedule: Schedule) -> Mapping[datetime, list[Print]]:
    """Return what is reported after the closes of the sessions of each candle, by its start."""
    closings = schedule.closings(covered["start"], covered["end"] + MICROSECOND)
    closes = [each.close for each in closings]
    facts = {"symbol": covered["symbol"], "closes": closes, "within": WITHIN, "at_most": AT_MOST}
    found = defaultdict[datetime, list[Print]](list)
    for close, price, volume, conditions in rows(query("closings"), facts):
        if (auction := auction_of(conditions)) in CLOSES:
            start = candle_start(close - MICROSECOND, covered["width"], schedule.days)
            found[start].append(Print(close, price, volume, auction))
    return found


def _closed(candle: Candle, minute: datetime, prints: Sequence[Print]) -> Candle:
    """Return a daily or weekly candle with the closing auctions of its sessions.

    After its last trade in regular hours, the closing price is that of the largest closing auction (a stock
    has one at each exchange, and that of the listing one is the largest by far), or of the official close
    where no auction is stored. Auctions count in volume, vwap, high and low; an official close is no trade.

    Args:
        candle: the candle of regular hours.
        minute: the minute of its last trade.
        prints: what is reported after the closes of its sessions.
    """
    trades = [each for each in prints if each.auction is Auction.CLOSING]
    last = [each for each in prints if each.close > minute]
    volume = candle.volume + sum(each.volume for each in trades)
    value = candle.vwap * candle.volume + sum(each.price * each.volume for each in trades)
    return replace(
        candle,
        high=max([candle.high, *(each.price for each in trades)]),
        low=min([candle.low, *(each.price for each in trades)]),
        close=_closing_price(last) if last else candle.close,
        volume=volume,
        vwap=value / volume,
    )


def _closing_price(prints: Sequence[Print]) -> Decimal:
    auctions = [each for each in prints if each.auction is Auction.CLOSING]
    return max(auctions or prints, key=lambda each: each.volume).price

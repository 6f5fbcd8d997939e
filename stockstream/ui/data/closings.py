"""The closing auction in the daily candles of regular hours: it is printed some seconds after the close."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from stockstream.connectors.postgres.read_pool import Rows
from stockstream.market.sessions.schedule import MICROSECOND, Schedule
from stockstream.market.trade.auctions import Auction, auction_of
from stockstream.ui.data.records import Candle
from stockstream.ui.data.sql import query
from stockstream.ui.data.window import candle_start

# How long after the close its auction may be printed, and how many of the largest trades in it are read.
WITHIN = timedelta(minutes=5)
AT_MOST = 30
CLOSES = (Auction.CLOSING, Auction.OFFICIAL_CLOSE)


@dataclass(frozen=True)
class Print:
    """A report after a close that tells the closing price."""

    price: Decimal
    volume: Decimal
    auction: Auction


def with_closings(
    rows: Rows, covered: Mapping[str, Any], schedule: Schedule, candles: Sequence[Candle]
) -> list[Candle]:
    """Return daily or weekly candles of regular hours with the closing auctions of their sessions.

    The closing price of the last session is that of the largest closing auction (a stock has one at each
    exchange, and that of the listing one is the largest by far), or of the official close where no auction is
    stored. Auctions count in volume, vwap, high and low; an official close is no trade.

    Args:
        rows: asks the database.
        covered: the symbol, the span that candles cover from `start` to `end`, and their width.
        schedule: the sessions of the symbol.
        candles: its candles, without what comes after the close.
    """
    closings = schedule.closings(covered["start"], covered["end"] + MICROSECOND)
    if not closings or not candles:
        return list(candles)
    closes = [each.close for each in closings]
    facts = {"symbol": covered["symbol"], "closes": closes, "within": WITHIN, "at_most": AT_MOST}
    found = defaultdict[datetime, list[Print]](list)
    for close, price, volume, conditions in rows(query("closings"), facts):
        if (auction := auction_of(conditions)) in CLOSES:
            found[close].append(Print(price, volume, auction))
    by_start = {candle.start: candle for candle in candles}
    for close, prints in sorted(found.items()):
        start = candle_start(close - MICROSECOND, covered["width"], schedule.days)
        if start in by_start:
            by_start[start] = _closed(by_start[start], prints)
    return list(by_start.values())


def _closed(candle: Candle, prints: Sequence[Print]) -> Candle:
    trades = [each for each in prints if each.auction is Auction.CLOSING]
    closing = _largest(trades or prints)
    volume = candle.volume + sum(each.volume for each in trades)
    value = candle.vwap * candle.volume + sum(each.price * each.volume for each in trades)
    return replace(
        candle,
        high=max([candle.high, *(each.price for each in trades)]),
        low=min([candle.low, *(each.price for each in trades)]),
        close=closing.price,
        volume=volume,
        vwap=value / volume,
    )


def _largest(prints: Iterable[Print]) -> Print:
    return max(prints, key=lambda each: each.volume)

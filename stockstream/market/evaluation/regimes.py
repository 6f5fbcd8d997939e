"""A clean market through its regimes: calm, then an opening, calm again, and stress."""

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from itertools import accumulate, pairwise

import numpy as np

from stockstream.market.anomalies.features.market_context import market_context_of
from stockstream.market.anomalies.features.trade_window import TradeWindow
from stockstream.market.evaluation.labelled import simulate
from stockstream.market.simulator import Injection, Listing

# Name, share of the trades, how many times faster trades arrive, how many times more volatile prices are.
REGIMES = (
    ("calm, before", 0.55, 1.0, 1.0),
    ("opening", 0.10, 4.0, 2.5),
    ("calm", 0.20, 1.0, 1.0),
    ("stressed", 0.15, 2.0, 4.0),
)


def regimes(seed: int, listings: Sequence[Listing], rate: float, trades: int) -> dict[str, list[TradeWindow]]:
    """Return each symbol's windows, one per regime, each continuing where the previous one ended."""
    own: dict[str, list[TradeWindow]] = {listing.symbol: [] for listing in listings}
    for number, (_, share, faster, wilder) in enumerate(REGIMES):
        now = [_at(listing, own[listing.symbol], wilder) for listing in listings]
        part = simulate(
            seed * len(REGIMES) + number, now, rate * faster, round(trades * share), Injection(share=0.0)
        )
        opens = max((int(each[-1].micros[-1]) for each in own.values() if each), default=0)
        for symbol, tape in part.items():
            own[symbol].append(replace(tape.window, micros=tape.window.micros + opens))
    return _within_market(own)


def _within_market(own: dict[str, list[TradeWindow]]) -> dict[str, list[TradeWindow]]:
    """Return the same windows with their market context, which continues from one regime to the next."""
    market = market_context_of(reduce(TradeWindow.then, windows) for windows in own.values())
    around: dict[str, list[TradeWindow]] = {}
    for symbol, windows in own.items():
        cuts = [0, *accumulate(map(len, windows))]
        whole = market.around(reduce(TradeWindow.then, windows))
        around[symbol] = [whole[begin:end] for begin, end in pairwise(cuts)]
    return around


def _at(listing: Listing, so_far: Sequence[TradeWindow], wilder: float) -> Listing:
    price = float(np.median(so_far[-1].price[-5:])) if so_far else listing.price
    return replace(listing, price=price, volatility=listing.volatility * wilder)

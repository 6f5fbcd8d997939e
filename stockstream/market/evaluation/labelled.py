"""Labelled tapes: a simulated market, its injected events, and the magnitude of each.

The same market is simulated a second time without injections, so a spike's magnitude is its actual effect on
the trade, whatever the injector was asked for: for a price, the distance from the price that would have been,
in standard deviations of an ordinary return over that pause in the 200 trades before: the bounce between bid
and ask, and a variance in proportion to time (a return over a minute is not that of a second); for a volume,
the logarithm of its ratio to the symbol's median, in root mean squares of the same for ordinary trades above
it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from stockstream.market.anomalies.features.market_context import market_context_of
from stockstream.market.anomalies.features.trade_window import Bools, Floats, Ints, Texts, TradeWindow
from stockstream.market.simulator import Injection, Listing, Market, Tape
from stockstream.market.simulator.kinds import KINDS, Kind
from stockstream.market.simulator.path import HALF_SPREAD

PRICE_SPIKE, VOLUME_SPIKE = "price_spike", "volume_spike"
# Spikes are reported individually, all other kinds while they last.
SINGLE = (PRICE_SPIKE, VOLUME_SPIKE)
COLUMNS = ("at", "symbol", "cents", "volume", "buy", "label", "episode")
USUAL, LEAST = 200, 1e-9


@dataclass(frozen=True, eq=False)
class Labelled:
    """One symbol's tape with its ground truth.

    Attributes:
        event: the event that each trade belongs to; 0 for none.
        kinds: the kind of each event; the first is that of no event.
        magnitude: the magnitude of each event, in deviations; NaN if it cannot be measured so.
    """

    window: TradeWindow
    event: Ints
    kinds: Texts
    magnitude: Floats

    def after(self, start: int) -> "Labelled":
        """Return the part that begins with a row."""
        return Labelled(self.window[start:], self.event[start:], self.kinds, self.magnitude)


def mixed(share: float) -> Injection:
    """Return an injection of all kinds, with spikes from hardly visible to gross.

    The injector's own price spikes are all gross and its volume spikes all small; a recall curve needs both
    over the whole range.
    """
    one = {kind.label: replace(kind, weight=3.0) for kind in KINDS}
    price, volume = one.pop(PRICE_SPIKE), one.pop(VOLUME_SPIKE)
    multivariate = replace(one.pop("multivariate"), weight=6.0)
    # Its hundred trades would leave little of the share to the other kinds.
    one["burst"] = replace(one["burst"], weight=2.0)
    spikes = [replace(price, size=size, weight=8.0) for size in ((5e-4, 2e-3), price.size)]
    spikes += [
        replace(volume, size=size, weight=6.0) for size in (volume.size, (60.0, 400.0), (400.0, 4_000.0))
    ]
    kinds: tuple[Kind, ...] = (*spikes, multivariate, *one.values())
    return Injection(share, kinds)


def simulate(
    seed: int, listings: Sequence[Listing], rate: float, trades: int, injection: Injection
) -> dict[str, Labelled]:
    """Return each symbol's labelled tape of a market.

    Args:
        seed: the seed of the market.
        listings: its symbols.
        rate: trades a second, over all symbols.
        trades: number of trades, over all symbols.
        injection: what is injected.
    """
    tape = _blocks(Market(np.random.default_rng(seed), listings, rate, injection), trades)
    clean = _blocks(Market(np.random.default_rng(seed), listings, rate, Injection(share=0.0)), trades)
    own = {name: _labelled(name, *_own(tape, clean, number)) for number, name in enumerate(tape.symbols)}
    market = market_context_of(each.window for each in own.values())
    return {name: replace(each, window=market.around(each.window)) for name, each in own.items()}


def _blocks(market: Market, trades: int) -> Tape:
    blocks = [market.next_block()]
    while sum(map(len, blocks)) < trades:
        blocks.append(market.next_block())
    return _with(blocks[0], lambda name: np.concatenate([getattr(each, name) for each in blocks]))


def _with(tape: Tape, column: Callable[[str], Any]) -> Tape:
    """Return a tape with each of its columns replaced."""
    return replace(tape, **{name: column(name) for name in COLUMNS})


def _own(tape: Tape, clean: Tape, number: int) -> tuple[Tape, Tape]:
    """Return a symbol's trades, and what they would have been without injections."""
    rows = np.flatnonzero(tape.symbol == number)
    mine = _with(tape, lambda name: getattr(tape, name)[rows])
    meant = _with(clean, lambda name: getattr(clean, name)[rows])
    return mine, meant


def _labelled(name: str, tape: Tape, clean: Tape) -> Labelled:
    window = TradeWindow(
        name,
        (tape.at * 1e6).astype(np.int64),
        tape.cents / 100,
        tape.volume.astype(np.float64),
        np.where(tape.buy, 1, -1).astype(np.int8),
        np.arange(len(tape)).astype(np.str_).astype(np.object_),
        np.full(len(tape), "synthetic", np.object_),
        np.zeros(len(tape), np.int64),
        np.ones(len(tape)),
    )
    labels = np.array([label or "" for label in tape.kinds], np.object_)
    _, first, event = np.unique(np.concatenate([[0], tape.episode]), return_index=True, return_inverse=True)
    first = first[1:] - 1
    kinds = np.concatenate([[""], labels[tape.label[first]]]).astype(np.object_)
    magnitude = np.concatenate([[np.nan], _magnitudes(tape, clean)[first]])
    return Labelled(window, event[1:], kinds, magnitude)


def events_of(label: Ints, single: Bools) -> Ints:
    """Return the number of each trade's event: neighbours with the same label are one, except spikes.

    >>> events_of(np.array([0, 2, 2, 0, 1, 1]), np.array([False, True, False])).tolist()
    [0, 1, 1, 0, 2, 3]
    """
    begins = (label > 0) & (np.diff(label, prepend=0) != 0) | single[label]
    return np.where(label > 0, np.cumsum(begins), 0)


def _magnitudes(tape: Tape, clean: Tape) -> Floats:
    magnitude = np.full(len(tape), np.nan)
    kind = np.array(tape.kinds, np.object_)[tape.label]
    size = np.log(clean.volume)
    moved = np.abs(np.log(tape.cents / clean.cents)) / np.maximum(_usual_moves(clean, tape), LEAST)
    above = size[size > np.median(size)] - np.median(size)
    swollen = (np.log(tape.volume) - np.median(size)) / max(float(np.sqrt(np.mean(above**2))), LEAST)
    for label, measure in ((PRICE_SPIKE, moved), (VOLUME_SPIKE, swollen)):
        magnitude[kind == label] = measure[kind == label]
    return magnitude


def _usual_moves(clean: Tape, tape: Tape) -> Floats:
    """Return the standard deviation of an ordinary return to each trade, over the pause before it."""
    home = np.flatnonzero(clean.symbol == tape.symbol)
    squares = np.diff(np.log(clean.cents[home]), prepend=np.log(clean.cents[home[0]])) ** 2
    pauses = np.diff(clean.at[home], prepend=clean.at[home[0]])
    square, pause = (np.interp(np.arange(len(tape)), home, _mean_before(each)) for each in (squares, pauses))
    # A buyer after a seller pays two half spreads more; equally often, the side stays the same.
    bounce = np.minimum(2 * HALF_SPREAD**2, 0.5 * square)
    own = np.diff(tape.at, prepend=tape.at[0])
    usual: Floats = np.sqrt(bounce + (square - bounce) * own / np.maximum(pause, LEAST))
    return usual


def _mean_before(values: Floats) -> Floats:
    """Return the mean of the USUAL values before each, or of those that exist."""
    sums, rows = np.concatenate([[0.0], np.cumsum(values)]), np.arange(len(values))
    start = np.maximum(rows - USUAL, 0)
    mean: Floats = (sums[rows] - sums[start]) / np.maximum(rows - start, 1)
    return mean

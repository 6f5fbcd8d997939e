"""Kinds of findings: their names, and their shapes in charts.

Kept apart from the rules, so that a process that only shows findings does not load the detector.
"""

from typing import NamedTuple


class Kind(NamedTuple):
    """A kind of finding; no two have the same shape."""

    name: str
    shape: str


PRICE_SPIKE = Kind("price_spike", "diamond")
VOLUME_SPIKE = Kind("volume_spike", "square")
VALUE_SPIKE = Kind("value_spike", "triangle-up")
ONE_SIDED_RUN = Kind("one_sided_run", "circle")
WASH_TRADES = Kind("wash_trades", "x")
ODD_PACE = Kind("odd_pace", "star")
STILL_PRICE = Kind("still_price", "cross")
PRICE_RAMP = Kind("price_ramp", "triangle-right")
PRICE_REVERSAL = Kind("price_reversal", "triangle-left")
PRICE_DRIFT = Kind("price_drift", "bowtie")
VOLATILITY_SHIFT = Kind("volatility_shift", "hourglass")
BURST = Kind("burst", "hexagram")
REPEATED_SIZE = Kind("repeated_size", "pentagon")
ONE_SIDED_FLOW = Kind("one_sided_flow", "star-square")

# In the order of their colours on the page.
KINDS = (
    PRICE_SPIKE,
    VOLUME_SPIKE,
    VALUE_SPIKE,
    ONE_SIDED_RUN,
    WASH_TRADES,
    ODD_PACE,
    STILL_PRICE,
    PRICE_RAMP,
    PRICE_REVERSAL,
    PRICE_DRIFT,
    VOLATILITY_SHIFT,
    BURST,
    REPEATED_SIZE,
    ONE_SIDED_FLOW,
)

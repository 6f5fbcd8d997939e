"""Sessions: trades crowd at the opening and at the closing, as on an exchange.

The market's even time is warped, not its trades: a burst has more trades and, with them, faster price moves
(Clark, 1973: prices move by the clock of trading).
"""

import numpy as np

from stockstream.market.simulator.tape import Floats

EXTRA = 4.0  # at the opening and at the closing, relative to the quietest hour
FADE = 0.08  # the share of a session after which that falls to 1/e

_PLACE = np.linspace(0.0, 1.0, 1001)


def _shares() -> Floats:
    """Return the share of a session's trades that has arrived by each point of it."""
    pace = 1 + EXTRA * (np.exp(-_PLACE / FADE) + np.exp((_PLACE - 1) / FADE))
    steps = (pace[1:] + pace[:-1]) / 2
    return np.concatenate([[0.0], np.cumsum(steps) / steps.sum()])


_SHARE = _shares()


def crowded(at: Floats, session: float) -> Floats:
    """Return evenly spread seconds, warped so that each session begins and ends with a burst.

    Args:
        at: seconds since the first opening, ascending; so is the result.
        session: its length in seconds.

    >>> crowded(np.array([0.0, 10.0, 50.0, 90.0, 100.0, 150.0]), 100.0).round(1).tolist()
    [0.0, 3.9, 50.0, 96.1, 100.0, 150.0]
    """
    number, share = np.divmod(at, session)
    bent: Floats = (number + np.interp(share / session, _SHARE, _PLACE)) * session
    return bent

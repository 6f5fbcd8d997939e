"""A finding: a trade or a span of trades that stands out, with the reason."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Finding:
    """What was found, and a sentence with the numbers behind it.

    Attributes:
        trade_id: the trade that stands out; None if the span from `start` to `end` does.
        score: the score of the first of `methods`, which is furthest above its threshold.
        methods: all methods that were above their thresholds.
        model_version: the model that was used, `none` for rules that need none.
    """

    symbol: str
    kind: str
    source: str
    trade_id: str | None
    start: datetime
    end: datetime
    score: float
    threshold: float
    methods: tuple[str, ...]
    explanation: str
    model_version: str

"""A finding: a trade or a span of trades that stands out, and why."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Finding:
    """What was found, and a sentence with the numbers behind it.

    Attributes:
        trade_id: the trade that stands out; None where the span from `start` to `end` does.
        score: of the first of `methods`, the one that stands furthest above its threshold.
        methods: all that were above theirs.
        model_version: the model that was used, `none` for the rules that need none.
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

"""Events and alerts: which of them match, with what delay, and which alerts match nothing.

An event is found by the first alert whose trades include one of its own; there is no point adjustment, and an
alert just after an event is a false one. Alerts that match an event already found are neither found events
nor false alerts.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from stockstream.market.anomalies.features.trade_window import EPOCH, MICROSECOND
from stockstream.market.anomalies.finding import Finding
from stockstream.market.anomalies.rules import BY_NAME
from stockstream.market.anomalies.rules.learnt import LearntRule
from stockstream.market.evaluation.labelled import SINGLE, Labelled

STRONG, MEDIUM, WEAK = "spike of 6 sigma and more", "spike of 4 to 6 sigma", "spike below 4 sigma"
CLASSES = (
    *(STRONG, MEDIUM, "pump_and_dump", "burst", "flash_crash"),
    *("same_side_run", "wash_like", "multivariate", "stale_price"),
)
# The classes that a false alert of a kind counts against; any other kind is the forest's own.
CLAIMS = {
    "price_ramp": ("pump_and_dump", "flash_crash"),
    "burst": ("burst",),
    "one_sided_run": ("same_side_run",),
    "wash_trades": ("wash_like",),
    "repeated_size": ("wash_like",),
    "still_price": ("stale_price",),
}
STRONG_FROM, MEDIUM_FROM = 6.0, 4.0


@dataclass(frozen=True)
class Alert:
    """Rows of a tape from the first to the one at which it was given, and the classes it claims."""

    first: int
    row: int
    claims: tuple[str, ...] = ()


@dataclass
class Tally:
    """Counts on one symbol's tape.

    Attributes:
        events: by class, the number of events.
        found: by class, how many of them were found.
        false: by class, alerts that claim it and match nothing.
        false_alerts: all alerts that match nothing.
        alerts: all alerts.
        delays: by class, (trades, seconds) from an event's first trade to its alert.
        spikes: (kind, magnitude, found) of each spike.
        days: the length of the tape.
    """

    days: float
    alerts: int = 0
    false_alerts: int = 0
    events: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    found: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    false: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    delays: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    spikes: list[tuple[str, float, bool]] = field(default_factory=list)


def alert_of(finding: Finding, tape: Labelled) -> Alert:
    """Return the rows of a finding."""
    start, end = ((moment - EPOCH) // MICROSECOND for moment in (finding.start, finding.end))
    if finding.trade_id is not None:
        row = int(np.flatnonzero(tape.window.trade_ids == finding.trade_id)[0])
        return Alert(row, row, claims_of(finding))
    first, last = np.searchsorted(tape.window.micros, (start, end))
    return Alert(int(first), int(last), claims_of(finding))


def claims_of(finding: Finding) -> tuple[str, ...]:
    """Return the classes that a finding claims."""
    if finding.kind in CLAIMS:
        return CLAIMS[finding.kind]
    if isinstance(BY_NAME[finding.methods[0]], LearntRule):
        return ("multivariate",)
    # The kind counts where magnitudes are unknown, because spikes are then classed by it.
    return (STRONG if finding.score >= STRONG_FROM else MEDIUM, finding.kind)


def class_of(kind: str, magnitude: float) -> str:
    """Return the class in which an event is counted; a spike of unknown magnitude counts by its kind."""
    if kind not in SINGLE or np.isnan(magnitude):
        return kind
    if magnitude >= STRONG_FROM:
        return STRONG
    return MEDIUM if magnitude >= MEDIUM_FROM else WEAK


def tally(tape: Labelled, alerts: Sequence[Alert], start: int) -> Tally:
    """Count events and alerts at and after row `start`, where the evaluation begins."""
    micros = tape.window.micros
    counted = Tally(days=float(micros[-1] - micros[start]) / 86_400e6)
    first_alert: dict[int, Alert] = {}
    for alert in sorted(alerts, key=lambda each: each.row):
        met = np.unique(tape.event[alert.first : alert.row + 1])
        counted.alerts += 1
        for event in met[met > 0].tolist():
            first_alert.setdefault(event, alert)
        if not met.any():
            counted.false_alerts += 1
            for claim in alert.claims:
                counted.false[claim] += 1
    for event, row in _begun(tape, start):
        _count(counted, tape, event, row, first_alert.get(event))
    return counted


def _begun(tape: Labelled, start: int) -> list[tuple[int, int]]:
    """Return each event that begins at or after `start`, with its first row."""
    numbers, rows = np.unique(tape.event, return_index=True)
    return [
        (event, row)
        for event, row in zip(numbers.tolist(), rows.tolist(), strict=True)
        if event and row >= start
    ]


def _count(counted: Tally, tape: Labelled, event: int, row: int, alert: Alert | None) -> None:
    kind, magnitude = str(tape.kinds[event]), float(tape.magnitude[event])
    name = class_of(kind, magnitude)
    counted.events[name] += 1
    if kind in SINGLE:
        counted.spikes.append((kind, magnitude, alert is not None))
    if alert is not None:
        counted.found[name] += 1
        seconds = float(tape.window.micros[alert.row] - tape.window.micros[row]) / 1e6
        counted.delays[name].append((alert.row - row, seconds))

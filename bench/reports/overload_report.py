"""What an overload has found, as a table, figures and a chart."""

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial

from bench.harness.invariants import Outcome
from bench.harness.memory import growths
from bench.harness.report import Report
from bench.harness.sampling import Watch, columns
from bench.harness.system import JOBS
from bench.reports.soak_chart import draw_flow, draw_lag, draw_memory

MB, GB = 1e6, 1e9


@dataclass(frozen=True)
class Flood:
    """The overload itself, and the recovery.

    Args:
        sustainable: trades a second that the system can sustain, including those of its usual producer.
        asked: trades a second that it was to receive.
        sent: trades that arrived during the overload.
        seconds: how long it took.
        began: seconds into the run.
        left: trades that each job had yet to process at its end.
        level: seconds from its end until every job was within a second of the normal pace, None if that
            did not happen in time.
        healthy: seconds until test_system.py reported health.
        cut_short: whether the disk was too full to continue.
        disk_bytes: the size of the system's folder at the end.
    """

    sustainable: int
    asked: int
    sent: int
    seconds: float
    began: float
    left: dict[str, int]
    level: float | None
    healthy: float | None
    cut_short: bool
    disk_bytes: int

    @property
    def made(self) -> float:
        """Trades a second that really arrived."""
        return self.sent / self.seconds

    @property
    def times(self) -> float:
        """The ratio of that to the sustainable rate."""
        return self.made / self.sustainable


def report(arguments: Namespace, watch: Watch, flood: Flood, outcome: Outcome) -> Report:
    """Return the report."""
    marks = [flood.began, flood.began + flood.seconds]
    broken = list(outcome.broken)
    broken += ["not within a second of the normal pace again in time"] if flood.level is None else []
    broken += ["not healthy again in time"] if flood.healthy is None else []
    of = outcome.comparison
    return Report(
        bench="overload",
        title=f"{flood.seconds / 60:.1f} min, {flood.times:.1f} times the sustained {flood.sustainable:,}/s",
        columns=("what", "figure"),
        rows=_rows(watch, flood, outcome),
        facts={
            "flood": asdict(flood),
            "made_per_second": flood.made,
            "memory": [asdict(each) for each in growths(watch.footprints, 0.0)],
            "held_to": outcome.facts(),
            "samples": {"memory": columns(watch.footprints), "flow": columns(watch.flows)},
            "ratios": {
                "times_sustainable": flood.times,
                "lost": float(of.lost + outcome.witness.lost),
                "twice": float(of.twice + outcome.witness.twice),
                "seconds_to_normal": flood.healthy,
            },
        },
        ratio=_ratio(arguments, flood, outcome),
        draw=partial(draw_lag, watch.flows, marks),
        below=(partial(draw_memory, watch.footprints, marks), partial(draw_flow, watch.flows, marks)),
        broken=broken,
    )


def _ratio(arguments: Namespace, flood: Flood, outcome: Outcome) -> str:
    of, ended = outcome.comparison, "not normal in time"
    if flood.healthy is not None:
        ended = f"normal after {flood.healthy:.0f} s"
    return (
        f"{flood.times:.1f} times the sustainable rate, {arguments.times:g} asked; "
        f"{of.lost:,} lost, {of.twice:,} twice of {of.messages:,}; {ended}"
    )


def _rows(watch: Watch, flood: Flood, outcome: Outcome) -> Sequence[Sequence[str]]:
    of = outcome.comparison
    ages = [each.age for each in watch.flows if each.age is not None]
    return [
        ["sustainable trades/s", f"{flood.sustainable:,}"],
        ["asked for", f"{flood.asked:,}"],
        ["made", f"{flood.made:,.0f}{', cut short: the disk' if flood.cut_short else ''}"],
        ["trades of the overload", f"{flood.sent:,}"],
        *([f"{job} behind at its end", f"{flood.left[job]:,}"] for job in JOBS),
        ["s since the newest stored trade, worst", f"{max(ages, default=0):,.1f}"],
        ["s to within a second of the normal pace", _seconds(flood.level)],
        ["s to healthy", _seconds(flood.healthy)],
        ["messages, lost, twice, foreign", f"{of.messages:,}, {of.lost:,}, {of.twice:,}, {of.foreign:,}"],
        *(
            [f"peak MB of {each.name} (USS)", f"{each.peak / MB:,.0f}"]
            for each in growths(watch.footprints, 0.0)
        ),
        ["GB on the disk", f"{flood.disk_bytes / GB:.1f}"],
    ]


def _seconds(found: float | None) -> str:
    return "-" if found is None else f"{found:,.1f}"

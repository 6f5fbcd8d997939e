"""What a soak has found: memory by process and recovery by fault, as tables, figures and a chart."""

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from statistics import median
from typing import Any

from bench.harness.faults import Inflicted
from bench.harness.invariants import Outcome
from bench.harness.memory import Growth, growths
from bench.harness.report import Report
from bench.harness.sampling import Flow, Watch, columns
from bench.reports.soak_chart import draw_flow, draw_lag, draw_memory

MB = 1e6
HOUR = 3600.0
WARM_UP, SHARE = 180.0, 0.1  # of a life: seconds, and the share of the run if that is less


def report(
    arguments: Namespace, watch: Watch, done: Sequence[Inflicted], outcome: Outcome, ill: Sequence[str]
) -> Report:
    """Return the report.

    Args:
        arguments: the command line.
        watch: the samples.
        done: the inflicted faults, with their recovery.
        outcome: the results of the checks.
        ill: what test_system.py reported as unhealthy before the end.
    """
    warm_up = min(WARM_UP, SHARE * 60 * arguments.minutes)
    found, flows = growths(watch.footprints, warm_up), watch.flows
    took = [each.seconds for each in done if each.seconds is not None]
    marks = [each.began for each in done]
    broken = [*outcome.broken, *(f"not healthy in the end: {line}" for line in ill)]
    broken += [
        f"not recovered within two minutes: {each.fault.name}" for each in done if each.seconds is None
    ]
    return Report(
        bench="soak",
        title=f"{flows[-1].at / 60:.0f} min at {arguments.rate:,} trades/s, {len(done)} faults; USS in MB",
        columns=("process", "lives", "middle", "peak", "peak RSS", "MB/h", "longest life, MB/h (95 %)"),
        rows=[_row(each) for each in found],
        facts={
            "warm_up_seconds": warm_up,
            "memory": [asdict(each) for each in found],
            "faults": [_fault_facts(each) for each in done],
            "recovery": _by_fault(done),
            "flow": _flow_facts(flows),
            "held_to": outcome.facts(),
            "samples": {"memory": columns(watch.footprints), "flow": columns(flows)},
            "ratios": {
                "lost": float(outcome.comparison.lost + outcome.witness.lost),
                "twice": float(outcome.comparison.twice + outcome.witness.twice),
                "recovery_median_s": float(median(took)) if took else None,
                "recovery_worst_s": max(took, default=None),
            },
        },
        ratio=_ratio(outcome, took, found, len(done)),
        draw=partial(draw_memory, watch.footprints, marks),
        below=(partial(draw_lag, flows, marks), partial(draw_flow, flows, marks)),
        broken=broken,
        tables=(_recovery_table(done),) if done else (),
    )


def _ratio(outcome: Outcome, took: Sequence[float], found: Sequence[Growth], faults: int) -> str:
    seconds = f"recovered in {median(took):.1f} s, at worst {max(took):.1f} s" if took else "no recovery"
    told = [each for each in found if each.slope is not None]
    steepest = max(told, key=lambda each: each.slope or 0.0, default=None)
    growth = f"; steepest {steepest.name} {(steepest.slope or 0) / MB:+.1f} MB/h" if steepest else ""
    of = outcome.comparison
    return f"{of.lost:,} lost, {of.twice:,} twice of {of.messages:,}; {faults} faults, {seconds}{growth}"


def _row(growth: Growth) -> list[str]:
    slope = "-" if growth.slope is None else f"{growth.slope / MB:+.1f}"
    longest = "-"
    if growth.longest:
        middle, low, high = (each / MB for each in growth.longest)
        longest = f"{middle:+.1f} ({low:+.1f} to {high:+.1f})"
    sizes = [f"{each / MB:,.0f}" for each in (growth.middle, growth.peak, growth.peak_rss)]
    return [growth.name, f"{growth.runs}", *sizes, slope, longest]


def _by_fault(done: Sequence[Inflicted]) -> dict[str, list[float | None]]:
    return {
        name: [each.seconds for each in done if each.fault.name == name]
        for name in sorted({each.fault.name for each in done})
    }


def _recovery_table(done: Sequence[Inflicted]) -> tuple[Sequence[str], list[list[str]]]:
    rows = []
    for name, all_seconds in _by_fault(done).items():
        took = [each for each in all_seconds if each is not None]
        told = [f"{median(took):.1f}", f"{max(took):.1f}"] if took else ["-", "-"]
        rows.append([name, f"{len(all_seconds)}", f"{len(all_seconds) - len(took)}", *told])
    return ("fault", "times", "not recovered", "s to recover", "worst"), rows


def _fault_facts(inflicted: Inflicted) -> dict[str, Any]:
    return {
        "fault": inflicted.fault.name,
        "began": inflicted.began,
        "lasted": inflicted.fault.seconds if inflicted.fault.lasts else 0.0,
        "recovered": dict(inflicted.recovered),
    }


def _flow_facts(flows: Sequence[Flow]) -> dict[str, float]:
    first, last = flows[0], flows[-1]
    ages = sorted(each.age for each in flows if each.age is not None)
    return {
        "seconds": last.at - first.at,
        "stored": last.stored,
        "stored_per_second": (last.stored - first.stored) / max(last.at - first.at, 1e-9),
        "age_median_s": float(median(ages)),
        "age_worst_s": ages[-1],
        "worst_lag": max(max(each.lag.values()) for each in flows),
        "share_with_viewer": sum(each.viewers > 0 for each in flows) / len(flows),
    }

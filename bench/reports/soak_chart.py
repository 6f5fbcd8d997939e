"""The chart of a soak: memory, lag, freshness and pace over time, each fault a line."""

from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from bench.harness.memory import Footprint, runs
from bench.harness.sampling import Flow
from bench.harness.system import JOBS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MINUTE = 60.0
MB = 1e6


def draw_memory(footprints: Sequence[Footprint], marks: Sequence[float], axes: "Axes") -> None:
    """Draw the unique memory of each process; a line breaks where a life ends."""
    ordered = sorted(footprints, key=lambda each: (each.name, each.at))
    for number, (name, those) in enumerate(groupby(ordered, lambda each: each.name)):
        for life in runs(list(those)):
            at = [each.at / MINUTE for each in life]
            axes.plot(at, [each.uss / MB for each in life], color=f"C{number}", label=name, linewidth=1)
    handles, names = axes.get_legend_handles_labels()
    named = dict(zip(names, handles, strict=True))
    axes.legend(named.values(), named.keys(), frameon=False, ncols=4, fontsize=8)
    axes.set_ylabel("MB of its own (USS)")
    axes.set_ylim(bottom=0)
    _mark(marks, axes)


def draw_lag(flows: Sequence[Flow], marks: Sequence[float], axes: "Axes") -> None:
    """Draw the lag of each job."""
    at = [each.at / MINUTE for each in flows]
    for job in JOBS:
        axes.plot(at, [max(each.lag[job], 1) for each in flows], label=job, linewidth=1)
    axes.set_yscale("log")
    axes.set_ylabel("messages to do")
    axes.legend(frameon=False, ncols=3, fontsize=8)
    _mark(marks, axes)


def draw_flow(flows: Sequence[Flow], marks: Sequence[float], axes: "Axes") -> None:
    """Draw the trades stored per second, and the age of the newest."""
    pairs = list(pairwise(flows))
    at = [each.at / MINUTE for _, each in pairs]
    axes.plot(at, [(b.stored - a.stored) / (b.at - a.at) for a, b in pairs], linewidth=1, label="stored/s")
    axes.set_ylabel("trades stored a second")
    axes.set_xlabel("minutes")
    aged = [each for each in flows if each.age is not None]
    ages = axes.twinx()
    ages.plot(
        [each.at / MINUTE for each in aged],
        [max(each.age or 0, 0.01) for each in aged],
        color="C1",
        linewidth=1,
    )
    ages.set_yscale("log")
    ages.set_ylabel("s since the newest stored trade", color="C1")
    _mark(marks, axes)


def _mark(marks: Sequence[float], axes: "Axes") -> None:
    for mark in marks:
        axes.axvline(mark / MINUTE, color="grey", alpha=0.25, linewidth=0.8)

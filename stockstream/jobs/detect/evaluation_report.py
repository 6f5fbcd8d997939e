"""The evaluation report: a Markdown page and its charts."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from stockstream.errors import UsageError
from stockstream.jobs.detect.evaluate import TUNED_ON, Plan, Result, untrained_names
from stockstream.market.anomalies.features.trade_window import Ints
from stockstream.market.evaluation.baselines import ALWAYS, RANDOM, ROLLING
from stockstream.market.evaluation.events import CLASSES, WEAK, Tally
from stockstream.market.evaluation.measures import (
    Score,
    false_a_day,
    macro_f1,
    overall,
    score_of,
    vus_pr,
)

PAGE, CHART, KINDS_CHART = "evaluation.md", "recall_by_magnitude.png", "kinds.png"
BANDS = np.array([0, 2, 3, 4, 5, 6, 8, 12, 20, 100_000])


def write(result: Result, plan: Plan, folder: Path, source: Path | None = None) -> Path:
    """Write the page and its charts into a folder, creating it if needed, and return the page's path.

    Args:
        result: the counts to report.
        plan: the parameters of the evaluation.
        folder: where the page is written.
        source: the file that was evaluated, instead of simulated markets.

    Raises:
        UsageError: the folder cannot be written.
    """
    try:
        return _written(result, _judged_on(plan, source), folder)
    except OSError as exc:
        raise UsageError(what=f"{folder} cannot be written ({exc.strerror})") from exc


def _written(result: Result, judged_on: str, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    names = [name for name in _names(result.tallies) if name != WEAK]
    weak = [WEAK] if any(WEAK in each.events for each in result.tallies) else []
    scores = {name: score_of(result.tallies, name, _rng()) for name in [*names, *weak]}
    _draw_magnitudes(result.tallies, folder / CHART)
    _draw_kinds({name: scores[name] for name in names}, folder / KINDS_CHART)
    page = folder / PAGE
    page.write_text("\n".join(_page(result, judged_on, scores)) + "\n", "utf-8")
    return page


def check() -> None:
    """Check that charts can be drawn.

    Raises:
        UsageError: the plotting library is not installed.
    """
    if find_spec("matplotlib") is None:
        raise UsageError(what="charts need matplotlib; run: pip install -r requirements-dev.txt")


def summary(result: Result) -> str:
    """Return the main figures in one line."""
    recall, precision = overall(result.tallies)
    names = [name for name in _names(result.tallies) if name != WEAK]
    return (
        f"macro F1 {macro_f1(result.tallies, names, _rng()):.2f}, recall {recall:.2f}, "
        f"precision {precision:.2f}, "
        f"{false_a_day(result.tallies):.2f} false alerts per symbol and day"
    )


def _rng() -> np.random.Generator:
    return np.random.default_rng(7)


def _names(tallies: Sequence[Tally]) -> list[str]:
    there = {name for each in tallies for name in each.events}
    return [name for name in CLASSES if name in there] + sorted(there - set(CLASSES) - {WEAK})


def _page(result: Result, judged_on: str, scores: dict[str, Score]) -> list[str]:
    return [
        "# Evaluation of the detector",
        "",
        judged_on,
        "Each tape is split by time: a fifth to learn from, three tenths for thresholds, half to judge.",
        "A day has 24 hours. An alert counts only on an event's own trades, without adjusting points;",
        "intervals are 95 % bootstrap over tapes.",
        "",
        *_by_kind(scores),
        "",
        *_together(result),
        "",
        *_clean(result),
        "",
        f"![Recall by magnitude]({CHART})",
        "",
        f"![Recall and precision by kind]({KINDS_CHART})",
    ]


def _judged_on(plan: Plan, source: Path | None) -> str:
    if source:
        return f"Judged on {source.name}; budget: {plan.budget:g} false alert per symbol and day."
    return (
        f"Seeds {', '.join(map(str, plan.seeds))} (tuned on {', '.join(map(str, TUNED_ON))}); {plan.symbols} "
        f"symbols, {plan.trades:,} trades a seed at {plan.rate:g} a second, {plan.share:.2%} of them in "
        "anomalies; "
        f"budget: {plan.budget:g} false alert per symbol and day. "
        f"{', '.join(untrained_names(plan))} never trained on, judged by the model of all others."
    )


def _by_kind(scores: dict[str, Score]) -> list[str]:
    head = "| kind | events | recall | precision | F1 | delay p50, p95 (trades) | delay p50, p95 (s) |"
    return [head, "| --- | --- | --- | --- | --- | --- | --- |", *(_row(*each) for each in scores.items())]


def _row(name: str, score: Score) -> str:
    (low, high), (least, most) = score.sure
    return (
        (
            f"| {name} | {score.events:,} | {score.recall:.2f} ({low:.2f} to {high:.2f}) "
            f"| {score.precision:.2f} ({least:.2f} to {most:.2f}) | {score.f1:.2f} "
            f"| {score.trades[0]:.0f}, {score.trades[1]:.0f} "
            f"| {score.seconds[0]:.1f}, {score.seconds[1]:.1f} |"
        )
        .replace(" (nan to nan)", "")
        .replace("nan", "n/a")
    )


def _together(result: Result) -> list[str]:
    head = "| all kinds | macro F1 | recall | precision of alerts | false alerts per symbol-day | VUS-PR |"
    events = _numbered([each[3] for each in result.scores])
    ensemble, rolling, random = (
        vus_pr(np.concatenate([each[at] for each in result.scores]), events) for at in range(3)
    )
    volumes = {"ensemble": ensemble, ROLLING: rolling, RANDOM: random, ALWAYS: np.nan}
    rows = {
        "ensemble": result.tallies,
        "ensemble, symbols trained on": result.known,
        "ensemble, symbols never trained on": result.unknown,
        **result.rivals,
    }
    lines = [_line(name, tallies, volumes.get(name, np.nan)) for name, tallies in rows.items() if tallies]
    return [head, "| --- | --- | --- | --- | --- | --- |", *lines]


def _numbered(events: Sequence[Ints]) -> Ints:
    """Return the events of several tapes, numbered uniquely across them."""
    ends = np.cumsum([0, *(int(each.max(initial=0)) for each in events)])
    pairs = zip(events, ends[:-1], strict=True)
    return np.concatenate([np.where(each > 0, each + end, 0) for each, end in pairs])


def _line(name: str, tallies: Sequence[Tally], volume: float) -> str:
    recall, precision = overall(tallies)
    macro = macro_f1(tallies, [each for each in _names(tallies) if each != WEAK], _rng())
    return (
        (
            f"| {name} | {macro:.2f} | {recall:.2f} | {precision:.3f} | {false_a_day(tallies):,.2f} "
            f"| {volume:.2f} |"
        )
        .replace(" (nan to nan)", "")
        .replace("nan", "n/a")
    )


def _clean(result: Result) -> list[str]:
    head = ["| tape without anomalies | symbol-days | false alerts per symbol-day |", "| --- | --- | --- |"]
    together = [each for tallies in result.clean.values() for each in tallies]
    rows = {**result.clean, "all regimes": together} if together else {}
    return head + [
        f"| {name} | {sum(each.days for each in tallies):.1f} | {false_a_day(tallies):.2f} |"
        for name, tallies in rows.items()
    ]


def _draw_magnitudes(tallies: Sequence[Tally], path: Path) -> None:
    from matplotlib.figure import Figure  # noqa: PLC0415 - takes a second, and is only needed to draw

    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.add_subplot()
    for kind, colour in (("price_spike", "#3b6ea5"), ("volume_spike", "#d9822b")):
        spikes = np.array(
            [
                (size, found)
                for each in tallies
                for own, size, found in each.spikes
                if own == kind and np.isfinite(size)
            ]
        )
        if not len(spikes):
            continue
        band = np.digitize(spikes[:, 0], BANDS) - 1
        there = [number for number in range(len(BANDS) - 1) if (band == number).any()]
        axes.plot(there, [spikes[band == each, 1].mean() for each in there], "o-", color=colour, label=kind)
    axes.set_xticks(range(len(BANDS) - 1), [f"{low:g}+" for low in BANDS[:-1]])
    axes.set_xlabel("magnitude, in deviations")
    axes.set_ylabel("recall")
    axes.set_ylim(-0.02, 1.02)
    if axes.lines:
        axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)


def _draw_kinds(scores: dict[str, Score], path: Path) -> None:
    from matplotlib.figure import Figure  # noqa: PLC0415 - takes a second, and is only needed to draw

    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.add_subplot()
    place = np.arange(len(scores))
    for offset, name, colour in ((-0.2, "recall", "#3b6ea5"), (0.2, "precision", "#d9822b")):
        values = [getattr(each, name) for each in scores.values()]
        axes.barh(place + offset, np.nan_to_num(values), height=0.38, color=colour, label=name)
    axes.set_yticks(place, list(scores))
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.legend(frameon=False, loc="lower right")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)

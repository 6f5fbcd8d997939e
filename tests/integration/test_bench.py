"""The benches run, small: what they find is not asserted, that they find it is."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from stockstream.settings import PROJECT

SINK = ("sink", "--trades", "30000", "--inserts", "200", "--rounds", "1")
LATENCY = ("latency", "--rates", "200,1000", "--seconds", "1", "--warm-up", "0.5")
DETECT = ("detect", "--trades", "30000", "--rows", "20000", "--rounds", "1")
GROWTH = ("growth", "--rows", "40000", "--trades", "20000", "--rounds", "1")
WINDOWS = (
    *("windows", "--engines", "aggregator", "--trades", "20000", "--symbols", "10,100", "--rounds", "1"),
    *("--rate", "1000", "--seconds", "1", "--warm-up", "0.5"),
)
RECONCILE = ("reconcile", "--trades", "20000", "--symbols", "10", "--rounds", "1", "--no-live")
PRODUCE = ("produce", "--trades", "50000", "--rounds", "1", "--rates", "200", "--seconds", "1")
DASHBOARD = ("dashboard", "--trades", "50000", "--loads", "1", "--seconds", "4", "--viewers", "2")

RATIOS: dict[tuple[str, ...], str] = {
    DETECT: r"ratio: ensemble [\d,]+ trades/s, micro-batch p95 \d+\.\d ms",
    SINK: r"ratio: consumer ÷ COPY \d+\.\d+, consumer ÷ INSERT \d+, fence and bookkeeping cost -?\d+\.\d %, "
    r"with notes ÷ without \d+\.\d+",
    LATENCY: r"ratio: p99 at 1,000/s ÷ p99 at 200/s \d+\.\d+ \(\d+\.\d ms, \d+\.\d ms\)",
    WINDOWS: r"ratio: 100 ÷ 10 symbols \d+\.\d+",
    RECONCILE: r"ratio: PostgreSQL's CPU to reconcile ÷ to store \d+\.\d+",
    GROWTH: r"ratio: grown ÷ empty \d+\.\d+; [\d,]+ trades pruned in \d+ ms",
    DASHBOARD: r"ratio: \d+\.\d+ of a plain page's cold load at p95; refresh \d+ / \d+ ms .*",
    PRODUCE: r"ratio: producer's loop ÷ bare client \d+\.\d+, worst pace error \d+\.\d+ %, "
    r"replay ÷ loop \d+\.\d+ in \d+ MB \(\d+ resident\)",
}


def bench(*words: str) -> subprocess.CompletedProcess[str]:
    """Run a bench to its end."""
    command = [sys.executable, "-m", "bench", *words]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=240)


@pytest.mark.parametrize("words", RATIOS, ids=lambda words: words[0])
def test_a_bench_ends_with_the_ratio_that_counts(words: tuple[str, ...], tmp_path: Path) -> None:
    found, chart = tmp_path / "found.json", tmp_path / "found.png"
    run = bench(*words, "--json", str(found), "--chart", str(chart))
    assert run.returncode == 0, run.stderr
    last = run.stdout.splitlines()[-1]
    assert re.fullmatch(RATIOS[words], last)
    figures = json.loads(found.read_text("utf-8"))
    assert (figures["bench"], f"ratio: {figures['ratio']}") == (words[0], last)
    assert all(isinstance(ratio, float) for ratio in figures["ratios"].values())
    assert chart.read_bytes().startswith(b"\x89PNG")


def test_the_help_names_every_bench() -> None:
    told = bench("--help").stdout
    assert [name for name in ("produce", "sink", "latency", "growth", "windows") if name not in told] == []


def test_a_place_that_cannot_be_written_is_told_before_the_work(tmp_path: Path) -> None:
    run = bench("sink", "--json", str(tmp_path / "nowhere" / "found.json"))
    assert run.returncode == 2
    assert run.stderr.count("\n") == 1
    assert "nowhere" in run.stderr

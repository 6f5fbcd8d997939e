"""start.bat and stop.bat: what can be held about them without Windows."""

import re
from pathlib import Path

import pytest

from stockstream.settings import PROJECT

SCRIPTS = [PROJECT / "start.bat", PROJECT / "stop.bat"]


def test_batch_files_are_checked_out_with_the_line_ends_of_windows() -> None:
    assert "*.bat text eol=crlf" in (PROJECT / ".gitattributes").read_text("utf-8").splitlines()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_every_jump_has_its_label(script: Path) -> None:
    text = script.read_text("ascii")
    labels = set(re.findall(r"^:(\w+)", text, re.MULTILINE))
    assert set(re.findall(r"\b(?:goto |call :)(\w+)", text)) == labels


def test_every_process_has_a_window() -> None:
    windows = re.findall(r"^call :window (\w+) .*?(\w+\.py)", SCRIPTS[0].read_text("ascii"), re.MULTILINE)
    assert windows == [
        ("producer", "producer.py"),
        ("consumer", "consumer.py"),
        ("aggregator", "aggregator.py"),
        ("detector", "anomaly_detector.py"),
        ("dashboard", "dashboard.py"),
    ]


def test_start_and_stop_know_a_window_of_this_copy_by_the_same_marks() -> None:
    marks = [re.findall(r"Where-Object \{.*\}", script.read_text("ascii")) for script in SCRIPTS]
    (started,), (stopped,) = marks
    assert started.partition("}")[0] == stopped.partition("}")[0]

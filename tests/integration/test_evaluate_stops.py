"""An evaluation takes minutes; Ctrl-C ends it at once, whatever it is at."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.scripts import running

# Seconds; all of the evaluation takes longer than an end does.
TIMEOUT = 60.0


@pytest.mark.parametrize("at_work", ["seed 101", "seed 101: learning and judging"])
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_an_evaluation_promptly_and_without_a_report(
    tmp_path: Path, at_work: str, signum: signal.Signals
) -> None:
    out = tmp_path / "evaluation"
    command = ("anomaly_detector.py", "evaluate", "--seeds", "101", "--trades", "1000000", "--out", str(out))
    with running(os.environ, *command) as process:
        assert process.stderr
        while (line := process.stderr.readline()).strip() != at_work:
            assert line, "it has ended by itself"
        # It is in the middle of that then.
        time.sleep(0.3)
        process.send_signal(signum)
        _, rest = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0
    assert rest.splitlines()[-1] == "ended before all was judged; no report is written"
    assert "Traceback" not in rest
    assert not out.exists()

"""Waiting for a condition, never for a fixed time."""

import time
from collections.abc import Callable

LOOK_EVERY = 0.05
# Tests give the time that an idle machine needs at most; a busy one is slower, which is no failure.
SLACK = 3


def until(holds: Callable[[], object], timeout: float = 10.0) -> None:
    """Wait until `holds()` is true; fails after `timeout` seconds times SLACK."""
    timeout *= SLACK
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline, f"still not so after {timeout:g} s"
        time.sleep(LOOK_EVERY)

"""Waiting for a condition, never for a time."""

import time
from collections.abc import Callable

LOOK_EVERY = 0.05


def until(holds: Callable[[], object], patience: float = 10.0) -> None:
    """Wait until `holds()` is true; fails after `patience` seconds."""
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline, f"still not so after {patience:g} s"
        time.sleep(LOOK_EVERY)

"""A process that sends itself a signal when it reaches a labelled point."""

import os
import signal

from stockstream.fault_injection import inject


def halt_at(point: str, times: int = 1, by: signal.Signals = signal.SIGKILL) -> None:
    """Send this process a signal when it reaches a labelled point for the n-th time."""
    left = times

    def listen(reached: str) -> None:
        nonlocal left
        left -= reached == point
        if not left:
            left = -1
            os.kill(os.getpid(), by)

    inject(listen)
